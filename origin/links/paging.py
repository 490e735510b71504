"""Where a page of links begins: by its number (origin.pages), or by the link next to it."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.links.model import ListFilter
from origin.pages import Order
from origin.problems import Unprocessable
from origin.storage.tables import links

_COLUMNS: dict[str, sa.Column[Any]] = {"createdAt": links.c.created_at, "updatedAt": links.c.updated_at}


@dataclass(frozen=True, slots=True)
class Place:
    """A page's place in an order. `backwards`: the order is turned round, since the page ends before its cursor."""

    column: sa.Column[Any]
    ascending: bool
    cursor: tuple[str, str] | None  # the field's name and the link's id
    backwards: bool

    @property
    def order(self) -> Order:
        """What to order by."""
        return Order(self.column, links.c.id, self.ascending)


def place(wanted: ListFilter) -> Place:
    """The place that is asked for; raises Unprocessable for two cursors at once."""
    after, before = wanted.starting_after, wanted.ending_before
    if after and before:
        raise Unprocessable("endingBefore: give either this or startingAfter.")
    column, ascending = _COLUMNS.get(str(wanted.sort_by), links.c.created_at), wanted.sort_order == "asc"
    if before:
        return Place(column, not ascending, ("endingBefore", before), backwards=True)
    if after:
        return Place(column, ascending, ("startingAfter", after), backwards=False)
    return Place(column, ascending, None, backwards=False)


async def beyond(connection: AsyncConnection, workspace_id: int, page: Place) -> sa.ColumnElement[bool]:
    """The condition of being past the cursor; raises Unprocessable for a link that is not there."""
    assert page.cursor is not None
    field, text = page.cursor
    mine = sa.and_(links.c.workspace_id == workspace_id, links.c.id == ids.parse(ids.LINK, text))
    row = (await connection.execute(sa.select(page.column, links.c.id).where(mine))).one_or_none()
    if row is None:
        raise Unprocessable(f"{field}: there is no link {text} in this workspace.")
    here, there = sa.tuple_(page.column, links.c.id), sa.tuple_(*(sa.literal(value) for value in row))
    return here > there if page.ascending else here < there
