"""Which links are visited most lately, over all workspaces: kvsync writes their records into packs, for isolates that start.

Nothing waits for it. While ClickHouse is away the ranking stays as it is.
"""

import asyncio
from collections.abc import Collection
from pathlib import Path

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.clicks import metrics
from origin.storage import named_sql
from origin.storage.clickhouse import ClickHouse, ClickHouseUnavailable

_SQL = {name: sa.text(text) for name, text in named_sql.load(Path(__file__).with_name("popular.sql")).items()}
# A click counts half as much with each day that has passed since.
_MOST_VISITED = """
SELECT groupArray(link_id) AS ids FROM (
    SELECT link_id FROM link_days WHERE day > today() - {days:UInt16}
    GROUP BY link_id ORDER BY sum(clicks * exp2(toInt32(day) - toInt32(today()))) DESC, link_id LIMIT {most:UInt32}
)
"""
_DAYS = 14
_SECONDS = 60.0
_EVERY_SECONDS = 600.0
_LOOK_SECONDS = 60.0
# A ranking in which fewer links than this share are new is not worth writing packs again.
_NEWS = 0.01
_log = structlog.get_logger(__name__)


class PopularLinks:
    """The table `popular_links`."""

    def __init__(self, engine: AsyncEngine, clickhouse: ClickHouse, most: int) -> None:
        """`most` links are ranked; 0 leaves the ranking as it is."""
        self._engine = engine
        self._clickhouse = clickhouse
        self._most = most

    async def rank(self, every_seconds: float = _EVERY_SECONDS) -> bool:
        """Rank them, if no process has for so long; whether that brought enough news to be kept.

        Raises ClickHouseUnavailable and SQLAlchemyError.
        """
        async with self._engine.begin() as connection:
            turn = (await connection.execute(_SQL["take_turn"], {"seconds": every_seconds})).first()
        if turn is None:
            return False
        try:
            ids = await self._most_visited()
        except ClickHouseUnavailable:
            await self._run("give_back", {})
            raise
        if not _is_news(ids, turn.link_ids):
            return False
        await self._run("rank", {"ids": ids})
        return True

    async def _most_visited(self) -> list[int]:
        (row,) = await self._clickhouse.query(_MOST_VISITED, {"days": _DAYS, "most": self._most}, seconds=_SECONDS)
        return [int(each) for each in row["ids"]]

    async def _run(self, name: str, values: dict[str, list[int]]) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(_SQL[name], values)

    async def rank_every_ten_minutes(self) -> None:
        """Until it is cancelled."""
        while self._most:
            try:
                await self.rank()
            except (ClickHouseUnavailable, SQLAlchemyError, OSError) as error:
                metrics.RANKING_FAILURES.inc()
                _log.warning("popular_links_not_ranked", error=str(error)[:500])
            await asyncio.sleep(_LOOK_SECONDS)


def _is_news(ids: Collection[int], before: Collection[int]) -> bool:
    """Whether enough links are new among them, or were."""
    changed = len(set(ids) ^ set(before))
    return changed > _NEWS * (len(ids) + len(before))
