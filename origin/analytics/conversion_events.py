"""Leads and sales one by one, in Dub's shape."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.analytics.asking import iso
from origin.analytics.event_model import COLUMNS as CLICK_COLUMNS
from origin.analytics.event_model import Click, Event, KnownLinks, event_of
from origin.conversions.model import SaleDetail
from origin.storage.clickhouse import Rows
from origin.storage.tables import customers

# What is not kept with a lead or a sale of its click.
_NOT_KEPT = ("bot_name", "bot_reason", "query")
# What an event needs of the table `conversions`.
COLUMNS = (
    "event", "event_id", "timestamp", "event_name", "customer_id", "quantity", "amount", "currency", "sale_type",
    "invoice_id", "payment_processor", "metadata", "clicked_at",
    *(name for name in CLICK_COLUMNS if name not in {"block_id", "timestamp", *_NOT_KEPT}),
)  # fmt: skip


class EventCustomer(msgspec.Struct, kw_only=True, rename="camel"):
    """Who it was; without a name, and with empty ids, where the customer was deleted."""

    id: str
    external_id: str
    created_at: str
    name: str | None = None
    email: str | None = None
    avatar: str | None = None
    country: str | None = None


class ConversionEvent(msgspec.Struct, kw_only=True):
    """A lead or a sale; from `click_id` on copies of what `click` and `link` say, which Dub's SDKs want."""

    event: Literal["lead", "sale"]
    timestamp: str
    event_id: str = msgspec.field(name="eventId")
    event_name: str = msgspec.field(name="eventName")
    quantity: int
    metadata: dict[str, Any] | None
    customer: EventCustomer
    click: Click
    link: dict[str, Any]
    sale: SaleDetail | msgspec.UnsetType = msgspec.UNSET
    sale_amount: int | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="saleAmount")
    sale_type: str | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="saleType")
    invoice_id: str | msgspec.UnsetType = msgspec.UNSET
    payment_processor: str | msgspec.UnsetType = msgspec.UNSET
    click_id: str
    link_id: str
    domain: str
    key: str
    url: str
    continent: str
    country: str
    city: str
    device: str
    browser: str
    os: str
    qr: int
    ip: str


async def customers_of(connection: AsyncConnection, workspace_id: int, rows: Rows) -> dict[int, EventCustomer]:
    """The customers of these rows, as they are now; those that are gone are left out."""
    numbers = {row["customer_id"] for row in rows} - {0}
    mine = sa.and_(customers.c.workspace_id == workspace_id, customers.c.id.in_(numbers))
    return {
        row.id: EventCustomer(
            id=ids.public(ids.CUSTOMER, row.id),
            external_id=row.external_id,
            created_at=iso(row.created_at),
            name=row.name,
            email=row.email,
            avatar=row.avatar,
            country=row.country,
        )
        for row in await connection.execute(sa.select(customers).where(mine))
    }


def conversion_of(row: Mapping[str, Any], links: KnownLinks, known: Mapping[int, EventCustomer]) -> ConversionEvent:
    """An event out of a row with COLUMNS."""
    at = row["timestamp"].replace(tzinfo=UTC)
    metadata = msgspec.json.decode(row["metadata"]) if row["metadata"] else None
    click = _click(row, links)
    same = {name: getattr(click, name) for name in _COPIED}
    return ConversionEvent(
        **same,
        event=row["event"],
        timestamp=iso(at),
        event_id=row["event_id"],
        event_name=row["event_name"],
        quantity=row["quantity"],
        metadata=metadata,
        customer=known.get(row["customer_id"]) or EventCustomer(id="", external_id="", created_at=iso(at)),
        **(_sale(row, metadata) if row["event"] == "sale" else {}),
    )


_COPIED = tuple(set(Event.__struct_fields__) - {"event", "timestamp"})


def _click(row: Mapping[str, Any], links: KnownLinks) -> Event:
    clicked_at: datetime = row["clicked_at"]
    return event_of({**row, "timestamp": clicked_at, **dict.fromkeys(_NOT_KEPT, "")}, links)


def _sale(row: Mapping[str, Any], metadata: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "sale": SaleDetail(
            amount=row["amount"],
            currency=row["currency"],
            payment_processor=row["payment_processor"],
            invoice_id=row["invoice_id"] or None,
            metadata=metadata,
        ),
        "sale_amount": row["amount"],
        "sale_type": row["sale_type"],
        "invoice_id": row["invoice_id"],
        "payment_processor": row["payment_processor"],
    }
