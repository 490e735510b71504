"""GET /conversions: every lead and sale that was tracked, and what became of it."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from origin import ids
from origin.accounts.access import authenticate
from origin.api import answer, read_query, route
from origin.conversions.model import Metadata
from origin.openapi import ApiRoute, Operation
from origin.problems import Unprocessable
from origin.storage.tables import Row, conversions, customer_clicks, customers
from origin.storage.transaction import reading

_LEAST_YEAR = 1971
EXPIRED = "expired"  # of which only enough is left to know it again


class ConversionFilter(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which conversions, the newest first; `startingAfter` is the id of the last one of the page before."""

    event: Literal["", "lead", "sale"] = ""
    outcome: Literal["", "counted", "duplicate", "unattributed", "pending"] = ""
    customer_id: str = ""
    start: datetime | None = None
    end: datetime | None = None
    starting_after: str = ""
    limit: Annotated[int, Meta(ge=1, le=100)] = 100


class Conversion(msgspec.Struct, kw_only=True, rename="camel"):
    """A lead or a sale as it was tracked. The click and the link are those that it is credited to (of the last click)."""

    id: str
    event: str
    event_name: str
    outcome: str
    timestamp: datetime
    customer_id: str | None
    customer_external_id: str | None
    quantity: int
    amount: int
    currency: str
    sale_type: str
    invoice_id: str | None
    payment_processor: str
    metadata: Metadata | None
    click_id: str | None
    link_id: str | None


async def count(
    connection: AsyncConnection, workspace_id: int, event: str, start: datetime, end: datetime
) -> dict[str, int]:
    """How many leads or sales of a time have each outcome."""
    mine = sa.and_(
        conversions.c.workspace_id == workspace_id, conversions.c.event == event,
        conversions.c.occurred_at >= start, conversions.c.occurred_at < end, conversions.c.outcome != EXPIRED,
    )  # fmt: skip
    select = sa.select(conversions.c.outcome, sa.func.count().label("number")).where(mine)
    rows = await connection.execute(select.group_by(conversions.c.outcome))
    return {row.outcome: row.number for row in rows}


async def index(request: Request) -> Response:
    """A page of conversions."""
    actor = await authenticate(request)
    wanted = read_query(request, ConversionFilter)
    async with reading(request, actor.workspace_id) as connection:
        rows = await _page(connection, actor.workspace_id, wanted)
    return answer([_shown(row) for row in rows])


async def _page(connection: AsyncConnection, workspace_id: int, wanted: ConversionFilter) -> list[Row]:
    fitting = [conversions.c.workspace_id == workspace_id, conversions.c.outcome != EXPIRED]
    for column, value in ((conversions.c.event, wanted.event), (conversions.c.outcome, wanted.outcome)):
        if value:
            fitting.append(column == value)
    if wanted.customer_id:
        fitting.append(conversions.c.customer_id == ids.parse(ids.CUSTOMER, wanted.customer_id))
    if wanted.start:
        fitting.append(conversions.c.occurred_at >= _bounded("start", wanted.start))
    if wanted.end:
        fitting.append(conversions.c.occurred_at < _bounded("end", wanted.end))
    if wanted.starting_after:
        fitting.append(await _beyond(connection, workspace_id, wanted.starting_after))
    select = (
        sa.select(conversions, customers.c.external_id, customer_clicks.c.click_id, customer_clicks.c.link_id)
        .outerjoin(customers, customers.c.id == conversions.c.customer_id)
        .outerjoin(customer_clicks, customer_clicks.c.id == conversions.c.last_click)
        .where(*fitting)
        .order_by(conversions.c.occurred_at.desc(), conversions.c.id.desc())
    )
    return list(await connection.execute(select.limit(wanted.limit)))


def _bounded(name: str, at: datetime) -> datetime:
    if at.tzinfo is None or at.year < _LEAST_YEAR:
        raise Unprocessable(f"{name}: write it with its offset, such as 2026-01-31T00:00:00Z.")
    return at


async def _beyond(connection: AsyncConnection, workspace_id: int, text: str) -> sa.ColumnElement[bool]:
    mine = sa.and_(conversions.c.workspace_id == workspace_id, conversions.c.id == ids.parse(ids.CONVERSION, text))
    place = sa.select(conversions.c.occurred_at, conversions.c.id).where(mine)
    if (await connection.execute(place)).one_or_none() is None:
        raise Unprocessable(f"startingAfter: there is no conversion {text} in this workspace.")
    return sa.tuple_(conversions.c.occurred_at, conversions.c.id) < place.scalar_subquery()


def _shown(row: Row) -> Conversion:
    def public(prefix: str, number: Any) -> str | None:
        return None if number is None else ids.public(prefix, number)

    same = (
        "event", "event_name", "outcome", "quantity", "amount", "currency", "sale_type", "invoice_id",
        "payment_processor", "metadata", "click_id",
    )  # fmt: skip
    return Conversion(
        **{name: getattr(row, name) for name in same},
        id=ids.public(ids.CONVERSION, row.id),
        timestamp=row.occurred_at,
        customer_id=public(ids.CUSTOMER, row.customer_id),
        customer_external_id=row.external_id,
        link_id=public(ids.LINK, row.link_id),
    )


def routes() -> list[ApiRoute]:
    """The route below /api/v1."""
    return [
        route(
            Operation(
                method="GET", path="/conversions", summary="List every lead and sale, and what became of it",
                tag="conversions", permission="conversions.read", endpoint=index, query=ConversionFilter,
                response=list[Conversion],
            )
        )
    ]  # fmt: skip
