"""How long each workspace's clicks are kept, by its plan. ClickHouse deletes them by the tables' TTL."""

import time
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.conversions.expiry import expire
from origin.storage.clickhouse import ClickHouse
from origin.storage.clickhouse_cluster import statements
from origin.storage.rollups import ROLLUPS
from origin.storage.tables import workspaces

_REMEMBER_SECONDS = 60.0
_TABLES = ("clicks", "conversion_credits", *ROLLUPS)
# All values, not the greatest: clicks that came since the plan changed have the new one already, among the older ones. Two
# tell that they differ.
_KEPT = "SELECT workspace_id, groupUniqArray(2)(keep_days) AS days FROM {table} GROUP BY workspace_id"
_KEPT_SECONDS = 60.0  # it reads two columns of whole tables
# The mutation rewrites one column of the parts that have such rows.
_CHANGE = "ALTER TABLE {table} UPDATE keep_days = {days} WHERE workspace_id = {workspace} AND keep_days != {days}"


class Retention:
    """Asked by the drain; `apply` takes changes of plans to the clicks that are stored already."""

    def __init__(self, engine: AsyncEngine, clickhouse: ClickHouse, plans: Mapping[str, int]) -> None:
        self._engine = engine
        self._clickhouse = clickhouse
        self._plans = plans
        self._days: dict[int, int] = {}
        self._ask_at = 0.0

    async def days(self) -> Mapping[int, int]:
        """Days by workspace, as of at most a minute ago; workspaces that keep clicks for ever are left out."""
        if self._plans and time.monotonic() >= self._ask_at:
            self._days = await self._read()
            self._ask_at = time.monotonic() + _REMEMBER_SECONDS
        return self._days

    async def apply(self) -> int:
        """Have stored clicks kept for as long as the plans say now; returns for how many workspaces that is new."""
        wanted = await self._read()
        await expire(self._engine, wanted)
        changed: set[int] = set()
        for table in _TABLES:
            for row in await self._clickhouse.query(_KEPT.format(table=table), seconds=_KEPT_SECONDS):
                days = wanted.get(row["workspace_id"], 0)
                if list(row["days"]) != [days]:
                    changed.add(row["workspace_id"])
                    await self._change(table, row["workspace_id"], days)
        return len(changed)

    async def _read(self) -> dict[int, int]:
        if not self._plans:
            return {}
        select = sa.select(workspaces.c.id, workspaces.c.plan).where(workspaces.c.plan.in_(list(self._plans)))
        async with self._engine.connect() as connection:
            return {row.id: self._plans[row.plan] for row in await connection.execute(select)}

    async def _change(self, table: str, workspace_id: int, days: int) -> None:
        sql = _CHANGE.format(table=table, days=int(days), workspace=int(workspace_id))
        for statement in statements(sql, self._clickhouse.cluster):
            await self._clickhouse.command(statement)
