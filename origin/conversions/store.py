"""Customers' clicks and conversions in Postgres, always on the caller's transaction."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.conversions.facts import FoundClick
from origin.storage import named_sql
from origin.storage.tables import Row

# A click that is not there after so long never comes: no queue keeps a batch for longer.
GIVE_UP_DAYS = 15
SQL = {name: sa.text(text) for name, text in named_sql.load(Path(__file__).with_name("queries.sql")).items()}


async def customer(connection: AsyncConnection, workspace_id: int, external_id: str, more: Mapping[str, Any]) -> Row:
    """The customer, made where there is none, held until the transaction ends; what was blank is filled in."""
    row: Row = (await connection.execute(SQL["customer"], _customer(workspace_id, external_id, more))).one()
    return row


async def customer_by_click(
    connection: AsyncConnection,
    workspace_id: int,
    external_id: str,
    more: Mapping[str, Any],
    click_id: str,
    click: FoundClick | None,
) -> Row:
    """The same, with a note that the customer came by this click; `made` and `newly_found` say what is new of it."""
    link_id, clicked_at, facts = click or (None, None, None)
    known = {
        "click_id": click_id,
        "link_id": link_id,
        "clicked_at": clicked_at,
        "facts": None if facts is None else msgspec.json.encode(facts).decode(),
    }
    values = {**_customer(workspace_id, external_id, more), **known}
    row: Row = (await connection.execute(SQL["customer_by_click"], values)).one()
    return row


def _customer(workspace_id: int, external_id: str, more: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": None, "email": None, "avatar": None, **more, "workspace": workspace_id, "external_id": external_id}


_BLANK: Mapping[str, Any] = {
    "window_days": None, "quantity": 1, "amount": 0, "currency": "", "sale_type": "", "invoice_id": None,
    "payment_processor": "", "metadata": None, "lead_id": None,
}  # fmt: skip


async def record(connection: AsyncConnection, values: Mapping[str, Any]) -> Row | None:
    """Write a conversion down; None where it is there already."""
    given = {**_BLANK, **values}
    if given["metadata"] is not None:
        given["metadata"] = msgspec.json.encode(given["metadata"]).decode()
    row: Row | None = (await connection.execute(SQL["record"], given)).one_or_none()
    return row


async def found(
    connection: AsyncConnection, workspace_id: int, touches: Collection[int], clicks: Mapping[str, FoundClick]
) -> set[int]:
    """Keep what is known of these clicks now; gives the customers whose they are."""
    given = [
        {"click_id": name, "link_id": each.link_id, "clicked_at": each.clicked_at, "facts": each.facts}
        for name, each in clicks.items()
    ]
    if not given:
        return set()
    values = {"workspace": workspace_id, "ids": list(touches), "found": msgspec.json.encode(given).decode()}
    rows = (await connection.execute(SQL["found"], values)).scalars()
    return {number for number in rows if number is not None}


async def hold(connection: AsyncConnection, customers: Collection[int]) -> None:
    """Hold these customers until the transaction ends: always before their clicks and conversions, by all who do."""
    await connection.execute(SQL["hold"], {"customers": sorted(customers)})


async def attribute(connection: AsyncConnection, customers: Collection[int]) -> None:
    """Credit all of these customers' conversions to the clicks that are known by now."""
    if customers:
        await hold(connection, customers)
        for event in ("lead", "sale"):  # a sale may be credited as its lead is
            values = {"customers": sorted(customers), "only": None, "event": event}
            await connection.execute(SQL["attribute"], values)
        await place(connection, customers)


async def attribute_one(connection: AsyncConnection, customer_id: int, event: str, number: int) -> None:
    """Credit one conversion of a customer who is held already."""
    values = {"customers": [customer_id], "only": number, "event": event}
    await connection.execute(SQL["attribute"], values)


async def place(connection: AsyncConnection, customers: Collection[int]) -> None:
    """Note by which link these customers came, and from where, as far as their clicks are known."""
    await connection.execute(SQL["place_customers"], {"customers": sorted(customers)})
