"""Forgetting leads and sales for good, in Postgres and in ClickHouse. Nothing may track or store any meanwhile.

Events that lose their click are credited to what clicks are left; origin brings them to ClickHouse when it runs again.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.conversions import store
from origin.storage import named_sql
from origin.storage.clickhouse import ClickHouse
from origin.storage.rollups import CONVERSION_ROLLUPS, delete, empty, refill

_SQL = {name: sa.text(text) for name, text in named_sql.load(Path(__file__).with_name("erasing.sql")).items()}
_MINE = "workspace_id = {workspace:UInt64}"


class ConversionEraser:
    """What is cut off is done by doing it again. After a link's or a visitor's clicks, the rollups are to be filled anew."""

    def __init__(self, engine: AsyncEngine, clickhouse: ClickHouse) -> None:
        self._engine = engine
        self._clickhouse = clickhouse

    async def workspace(self, workspace_id: int) -> None:
        """All customers of a workspace, with what they did."""
        await self._forget("workspace", {"workspace": workspace_id})
        await delete(self._clickhouse, "conversion_credits", _MINE, {"workspace": workspace_id})

    async def customer(self, workspace_id: int, customer_id: int) -> None:
        """One customer, with all leads and sales."""
        values = {"workspace": workspace_id, "customer": customer_id}
        await self._forget("customer", values)
        await delete(self._clickhouse, "conversion_credits", f"{_MINE} AND customer_id = {{customer:UInt64}}", values)
        await refill(self._clickhouse, workspace_id, CONVERSION_ROLLUPS)

    async def link(self, workspace_id: int, link_id: int) -> None:
        """The clicks of one link, as far as customers came by them."""
        values = {"workspace": workspace_id, "link": link_id}
        await self._forget_clicks("clicks_of_link", values)
        await delete(self._clickhouse, "conversion_credits", f"{_MINE} AND link_id = {{link:UInt64}}", values)

    async def visitors(self, workspace_id: int, hashes: Collection[int]) -> None:
        """The clicks of a visitor, by the hash of each day."""
        values = {"workspace": workspace_id, "visitors": list(hashes)}
        texts = [str(each) for each in hashes]
        await self._forget_clicks("clicks_of_visitors", {"workspace": workspace_id, "visitors": texts})
        await delete(
            self._clickhouse, "conversion_credits", f"{_MINE} AND visitor IN {{visitors:Array(UInt64)}}", values
        )

    async def click_times(self, workspace_id: int) -> list[int]:
        """When the first and the last of the clicks were that are kept of customers, in unix seconds; empty without any."""
        async with self._engine.connect() as connection:
            (row,) = await connection.execute(_SQL["click_times"], {"workspace": workspace_id})
        return [int(each.timestamp()) for each in row if each is not None]

    async def _forget(self, prefix: str, values: dict[str, Any]) -> None:
        async with self._engine.begin() as connection:
            for name in ("conversions", "clicks", "customers"):
                await connection.execute(_SQL[f"{name}_of_{prefix}"], values)

    async def _forget_clicks(self, name: str, values: dict[str, Any]) -> None:
        async with self._engine.begin() as connection:
            owners = {number for number in (await connection.execute(_SQL[name], values)).scalars() if number}
            await connection.execute(_SQL["unplace"], {"customers": sorted(owners)})
            await store.attribute(connection, owners)
            for left in ("halves", "orphans"):
                await connection.execute(_SQL[left], values)


async def send_again(engine: AsyncEngine, clickhouse: ClickHouse) -> None:
    """Empty ClickHouse's tables of conversions; origin fills them again from Postgres when it runs."""
    for table in ("conversion_credits", *CONVERSION_ROLLUPS):
        await empty(clickhouse, table)
    async with engine.begin() as connection:
        await connection.execute(_SQL["send_again"])
