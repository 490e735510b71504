"""What every table is made with."""

from typing import Any, TypeAlias

import sqlalchemy as sa

Row: TypeAlias = sa.Row[*tuple[Any, ...]]

NAMING = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}

metadata = sa.MetaData(naming_convention=NAMING)

# Each edit of a KV key takes a number here while it holds the key's row, so versions of one key only grow.
link_version = sa.Sequence("link_version", metadata=metadata)

# Block n holds the numbers n * 1000 to n * 1000 + 999 that codes are made of.
code_block = sa.Sequence("code_block", start=0, minvalue=0, metadata=metadata)

now = sa.text("now()")


def id_column() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True)


def time_column(name: str, *, default_now: bool = False) -> sa.Column[Any]:
    server_default = now if default_now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not default_now, server_default=server_default)


def text_column(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text)


def flag_column(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())
