"""How migrations run: one process at a time, each in its own transaction, none waiting long on a busy table.

A file is named `NNNN_pre_*` when it must be applied before the release that needs it starts, and `NNNN_post_*` when it
may only be applied after the former release has stopped. There is no way back: a mistake is mended by a new migration.
"""

import time

from alembic import context
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from origin.storage.engine import sqlalchemy_url
from origin.storage.tables import metadata

# Any number will do that no other user of the database takes.
_ADVISORY_LOCK = 7_236_471_092


_LONGEST_WAIT_SECONDS = 120.0


def _take_turn(connection: Connection) -> None:
    """Wait for a process that migrates already.

    By asking again: one that waits within a statement would hold up the other's CREATE INDEX CONCURRENTLY, which waits for
    every statement that runs.
    """
    end = time.monotonic() + _LONGEST_WAIT_SECONDS
    while not connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _ADVISORY_LOCK}).scalar_one():
        connection.commit()
        if time.monotonic() > end:
            raise TimeoutError("Another process has been migrating this database for two minutes: try again later.")
        time.sleep(0.2)


def _migrate(connection: Connection) -> None:
    _take_turn(connection)
    # Better to fail and be run again than to queue every query of the running release behind an ALTER TABLE.
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.execute(text("SET statement_timeout = '60s'"))
    connection.commit()
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()  # the session ends with the connection, and the advisory lock with it


engine = create_engine(sqlalchemy_url(context.config.attributes["database_url"]), poolclass=NullPool)
with engine.connect() as opened:
    _migrate(opened)
