"""Pages by their number that new rows do not move.

A client that walks through a list asks for page 1, 2, 3 ... and says nothing of where the last one ended. So it is kept here
for some minutes, by caller and by what they list: the next page begins behind that row, whatever has been added or deleted
before it. Walks of one caller through one list at the same time are kept apart by which of them has gone on already.
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.requests import Request

from origin.accounts.access import Actor
from origin.storage import named_sql
from origin.storage.tables import Row

_SQL = {name: sa.text(query) for name, query in named_sql.load(Path(__file__).with_name("page_ends.sql")).items()}
KEPT_SECONDS = 600
_PAGES_BACK = 20
_WALKS = 20


class Paged(Protocol):
    """A list's query: what is listed, and which page of it."""

    page: int
    page_size: int


@dataclass(frozen=True, slots=True)
class Order:
    """An order by a column and, where that is the same, by a unique number."""

    column: sa.ColumnElement[Any]
    number: sa.ColumnElement[int]
    ascending: bool = True

    @property
    def columns(self) -> list[sa.ColumnElement[Any]]:
        """What to order by."""
        return [each.asc() if self.ascending else each.desc() for each in (self.column, self.number)]

    def behind(self, value: Any, number: int) -> sa.ColumnElement[bool]:
        """The condition of coming after a row."""
        here = sa.tuple_(self.column, self.number)
        there = sa.tuple_(sa.cast(sa.literal(value), self.column.type), sa.literal(number))
        return here > there if self.ascending else here < there


@dataclass(slots=True)
class Page:
    """One page of what a caller lists. It begins `offset` rows behind a row, or behind the list's beginning (no `behind`)."""

    size: int
    offset: int
    behind: tuple[str, int] | None = None
    ended: tuple[str, int] | None = None  # its last row's place in the order, where a page may follow


@asynccontextmanager
async def turning(request: Request, actor: Actor, what: str, wanted: Paged) -> AsyncIterator[Page]:
    """The page that a list's query asks for; where it ends is kept when the block does.

    On connections of its own before and after the block: what is listed may come from a replica, which takes no writes.
    """
    engine: AsyncEngine = request.app.state.engine.execution_options(isolation_level="AUTOCOMMIT")
    walk, root = _walk(actor, what, wanted), None
    page = Page(wanted.page_size, (wanted.page - 1) * wanted.page_size)
    if wanted.page > 1:
        async with engine.connect() as connection:
            values = {"walk": walk, "page": wanted.page, "kept": KEPT_SECONDS}
            found = (await connection.execute(_SQL["start"], values)).one_or_none()
        if found is not None:
            root, page.behind = found.root, (found.value, found.number)
            page.offset = (wanted.page - 1 - found.page) * wanted.page_size
    yield page
    if page.ended is not None:
        value, number = page.ended
        ended = {"walk": walk, "root": root, "page": wanted.page, "value": value, "number": number}
        async with engine.connect() as connection:
            await connection.execute(_SQL["end"], {**ended, "pages": _PAGES_BACK, "walks": _WALKS})


async def fetch(connection: AsyncConnection, select: "sa.Select[Any]", order: Order, page: Page) -> list[Row]:
    """The rows of a page."""
    marked = select.add_columns(sa.cast(order.column, sa.Text).label("mark"), order.number.label("mark_number"))
    if page.behind is not None:
        marked = marked.where(order.behind(*page.behind))
    ordered = marked.order_by(*order.columns).limit(page.size).offset(page.offset)
    rows: list[Row] = list(await connection.execute(ordered))
    if len(rows) == page.size:  # else there is no page after it
        page.ended = (rows[-1].mark, rows[-1].mark_number)
    return rows


def _walk(actor: Actor, what: str, wanted: Paged) -> bytes:
    """What tells walks apart: the caller, the list, its filters and order, the size of its pages."""
    query = {**msgspec.to_builtins(wanted), "page": 0}
    who = [what, actor.workspace_id, actor.user_id, actor.api_key_id]
    return hashlib.blake2b(msgspec.json.encode([who, query], order="sorted"), digest_size=16).digest()


async def delete_expired(connection: AsyncConnection) -> None:
    """Forget walks that have not gone on for some minutes."""
    await connection.execute(_SQL["sweep"], {"kept": KEPT_SECONDS})
