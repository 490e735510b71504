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
    values = {"name": None, "email": None, "avatar": None, **more}
    row: Row = (
        await connection.execute(SQL["customer"], {**values, "workspace": workspace_id, "external_id": external_id})
    ).one()
    return row


async def touch(connection: AsyncConnection, workspace_id: int, customer_id: int, click_id: str) -> None:
    """Note that the customer came by this click."""
    await connection.execute(SQL["touch"], {"workspace": workspace_id, "customer": customer_id, "click_id": click_id})


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


async def attribute(connection: AsyncConnection, customers: Collection[int], only: int | None = None) -> None:
    """Credit these customers' conversions (`only` this one) to the clicks that are known by now."""
    values = {"customers": sorted(customers), "only": only}
    if values["customers"]:
        await hold(connection, customers)
        for event in ("lead", "sale"):  # a sale may be credited as its lead is
            await connection.execute(SQL["attribute"], {**values, "event": event})
        await connection.execute(SQL["place_customers"], values)
