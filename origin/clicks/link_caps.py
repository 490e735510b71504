"""Counts the clicks of links with a cap, each block once, and closes those that have had theirs.

It comes after the insert and before the block is finished. A block that was begun before a crash is counted then, if it was
not: its id and its counts are written in one transaction. Whether a link is full is looked at each time, since a crash may
have come between the count and the close.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from origin.links import caps
from origin.links.options import Records
from origin.storage import named_sql
from origin.storage.clickhouse import ClickHouse
from origin.storage.tables import Row

Numbers = npt.NDArray[np.int64]

CLOSED = Counter("nearhop_links_capped_total", "Links that were closed because they had had the clicks they may have.")

_SQL = {name: sa.text(text) for name, text in named_sql.load(Path(__file__).with_name("link_caps.sql")).items()}
# Clicks from before a cap was set may arrive after it for as long as an edge keeps them; most come within seconds.
_LATE = timedelta(hours=1)
# Whole quarters by the rollup, the rest by the raw clicks.
_BEFORE = """
SELECT link_id, sum(n) AS clicks FROM (
    WITH transform(link_id, {links:Array(UInt64)}, {since:Array(Int64)}, 0) AS since
    SELECT link_id, sum(requests) AS n FROM link_counts
    WHERE workspace_id IN {workspaces:Array(UInt64)} AND link_id IN {links:Array(UInt64)}
        AND verdict IN ('click', 'capped') AND quarter < toStartOfFifteenMinutes(fromUnixTimestamp64Milli(since, 'UTC'))
    GROUP BY link_id
    UNION ALL
    WITH transform(link_id, {links:Array(UInt64)}, {since:Array(Int64)}, 0) AS since
    SELECT link_id, count() AS n FROM clicks
    WHERE workspace_id IN {workspaces:Array(UInt64)} AND link_id IN {links:Array(UInt64)}
        AND verdict IN ('click', 'capped') AND timestamp < fromUnixTimestamp64Milli(since, 'UTC')
        AND timestamp >= toStartOfFifteenMinutes(fromUnixTimestamp64Milli(since, 'UTC'))
    GROUP BY link_id
) GROUP BY link_id
"""


class LinkCaps:
    """The tables `link_caps` and `counted_blocks`, as the drain uses them."""

    def __init__(self, engine: AsyncEngine, clickhouse: ClickHouse, records: Records) -> None:
        self._engine = engine
        self._clickhouse = clickhouse
        self._records = records

    async def count(self, block_id: str, links: Numbers, times: Numbers) -> None:
        """Count an inserted block: which link led people on, and when (unix milliseconds).

        Raises SQLAlchemyError and ClickHouseUnavailable, and is then asked again.
        """
        if not len(links):
            return
        async with self._engine.begin() as connection:
            found = (await connection.execute(_SQL["lock_caps"], {"ids": np.unique(links).tolist()})).all()
            if not found:
                return
            if (await connection.execute(_SQL["count_block"], {"block_id": block_id})).first() is not None:
                await self._add(connection, found, links, times)
        await self._look_back([row for row in found if _is_young(row)])
        await self.close([row.link_id for row in found])

    async def close(self, link_ids: Sequence[int]) -> None:
        """Close those of the links that are full."""
        async with self._engine.begin() as connection:
            CLOSED.inc(await caps.close_full(connection, self._records, link_ids))

    async def prune(self, days: int) -> None:
        """Forget blocks that will not come again."""
        async with self._engine.begin() as connection:
            await connection.execute(_SQL["prune_blocks"], {"days": days})

    async def _add(self, connection: AsyncConnection, found: Sequence[Row], links: Numbers, times: Numbers) -> None:
        counts = [int(np.count_nonzero((links == row.link_id) & (times >= _since(row)))) for row in found]
        await connection.execute(_SQL["add_clicks"], {"ids": [row.link_id for row in found], "counts": counts})

    async def _look_back(self, young: Sequence[Row]) -> None:
        """Note how many clicks ClickHouse has from before the links had a cap."""
        if not young:
            return
        workspaces = sorted({row.workspace_id for row in young})
        bound = {"workspaces": workspaces, "links": [row.link_id for row in young], "since": [_since(r) for r in young]}
        before: dict[int, Any] = {row["link_id"]: row["clicks"] for row in await self._clickhouse.query(_BEFORE, bound)}
        if before:
            async with self._engine.begin() as connection:
                await connection.execute(_SQL["lock_caps"], {"ids": list(before)})
                values = {"ids": list(before), "counts": list(before.values())}
                await connection.execute(_SQL["note_before"], values)


def _since(row: Row) -> int:
    return 0 if row.counted_from is None else int(row.counted_from.timestamp() * 1000)


def _is_young(row: Row) -> bool:
    return row.counted_from is not None and row.counted_from > datetime.now(UTC) - _LATE
