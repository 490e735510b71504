"""Filters that leads and sales alone have."""

from sqlalchemy.ext.asyncio import AsyncConnection

from origin.accounts.access import Actor
from origin.analytics import metadata
from origin.analytics.dimensions import Filter
from origin.analytics.metadata import MetadataFilter
from origin.analytics.model import ClickQuery
from origin.customers import service as customers
from origin.problems import Unprocessable

MOST_CUSTOMERS = 100
_COLUMNS = ("event_name", "sale_type", "payment_processor", "currency")
_WIRE = {
    "event_name": "eventName",
    "sale_type": "saleType",
    "payment_processor": "paymentProcessor",
    "customer_id": "customerId",
}


def refuse_own(query: ClickQuery, event: str) -> None:
    """Raise Unprocessable where a question about clicks has filters that they don't."""
    for name in (*_COLUMNS, "customer_id", "query", "attribution"):
        if event == "clicks" and getattr(query, name):
            raise Unprocessable(f"{_WIRE.get(name, name)}: clicks have none; ask with event=leads, sales or composite.")


async def own_filters(connection: AsyncConnection, actor: Actor, query: ClickQuery) -> list[Filter | MetadataFilter]:
    """The filters of a query; raises Unprocessable, or NotFound for an unknown customer."""
    found: list[Filter | MetadataFilter] = []
    found.extend(_some(name, Filter.parse(name, text)) for name in _COLUMNS if (text := getattr(query, name)))
    if query.customer_id:
        named = _some("customer_id", Filter.parse("customer_id", query.customer_id))
        if len(named.values) > MOST_CUSTOMERS:
            raise Unprocessable(f"customerId: name at most {MOST_CUSTOMERS} customers.")
        numbers = [(await customers.get(connection, actor.workspace_id, each)).id for each in named.values]
        found.append(named._replace(values=tuple(map(str, numbers))))
    if query.query:
        found.extend(metadata.parse(query.query))
    return found


def _some(name: str, parsed: Filter) -> Filter:
    if not parsed.values:
        raise Unprocessable(f"{_WIRE.get(name, name)}: it names no value.")
    return parsed
