"""Looking at destinations again: what was harmless when its link was made may be listed since.

Links of the last week and those with the most clicks of the last day are compared with the lists every six hours. Those in
quarantine for what a list says are released when that very list was asked and says so no more.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from origin.links.model import Action
from origin.links.options import Records
from origin.problems import ApiProblem
from origin.safety import quarantine
from origin.safety.checks import BLOCKLIST, Safety, Verdict, urls_of
from origin.safety.quarantine import By
from origin.storage import named_sql
from origin.storage.clickhouse import ClickHouse, ClickHouseUnavailable
from origin.storage.tables import Row

_RECENT = timedelta(days=7)
_AT_ONCE = 500
_MOST_CLICKED = 1_000
_SQL = {name: sa.text(text) for name, text in named_sql.load(Path(__file__).with_name("recheck.sql")).items()}
_CLICKED = """
SELECT link_id FROM link_counts WHERE link_id != 0 AND verdict = 'click' AND quarter >= now('UTC') - INTERVAL 1 DAY
GROUP BY link_id ORDER BY sum(requests) DESC, link_id LIMIT {most:UInt32}
"""
_log = structlog.get_logger("origin.safety")


class MostClicked(Protocol):
    """Who knows which links of all workspaces had the most clicks of the last day."""

    async def most_clicked(self, limit: int) -> Sequence[int]:
        """Their numbers; none where that can't be found out now."""
        ...


class CountedClicks:
    """MostClicked by ClickHouse."""

    def __init__(self, clickhouse: ClickHouse) -> None:
        self._clickhouse = clickhouse

    async def most_clicked(self, limit: int) -> Sequence[int]:
        try:
            return [row["link_id"] for row in await self._clickhouse.query(_CLICKED, {"most": limit})]
        except ClickHouseUnavailable as error:
            _log.warning("most clicked links not known", error=str(error)[:300])
            return []


class Recheck:
    """Called each hour. A link's turn comes every six hours, and one of all processes takes it."""

    def __init__(self, engine: AsyncEngine, safety: Safety, records: Records, clicked: MostClicked) -> None:
        self._engine = engine
        self._safety = safety
        self._records = records
        self._clicked = clicked

    async def run(self) -> int:
        """Look at all links whose turn it is; gives how many. Ends early where Safe Browsing fails."""
        if not await self._safety.has_lists():
            return 0
        total = 0
        async for rows in self._batches():
            if not await self._safety.look_up([url for row in rows for url in urls_of(row)]):
                await self._give_back(rows)
                break
            for row in rows:
                await self._judge(row)
            total += len(rows)
        return total

    async def _batches(self) -> AsyncIterator[Sequence[Row]]:
        clicked = list(await self._clicked.most_clicked(_MOST_CLICKED))
        async with self._engine.connect() as connection:
            listed = list((await connection.execute(_SQL["listed"])).scalars())
        others = [*clicked, *listed]
        for start in range(0, len(others), _AT_ONCE):
            yield await self._take_turns(others[start : start + _AT_ONCE])
        below: int | None = None
        while found := await self._newest(below):
            below = found[-1]
            yield await self._take_turns(found)

    async def _newest(self, below: int | None) -> list[int]:
        """The next links of the last week, by their numbers downwards, which is by their age."""
        since = datetime.now(UTC) - _RECENT
        async with self._engine.connect() as connection:
            values = {"below": below or 2**62, "since": since, "most": _AT_ONCE}
            return list((await connection.execute(_SQL["newest"], values)).scalars())

    async def _take_turns(self, link_ids: list[int]) -> Sequence[Row]:
        async with self._engine.begin() as connection:
            mine = list((await connection.execute(_SQL["take_turns"], {"ids": link_ids})).scalars())
            return (await connection.execute(_SQL["links"], {"ids": mine})).all()

    async def _give_back(self, rows: Sequence[Row]) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(_SQL["give_back"], {"ids": [row.id for row in rows]})

    async def _judge(self, row: Row) -> None:
        verdict = next((found for url in urls_of(row) if (found := self._safety.judge(url)) is not None), None)
        source = (row.quarantine or {}).get("source")
        try:
            async with self._engine.begin() as connection:
                if verdict is not None:
                    await self._place(connection, row, verdict)
                elif source is not None and self._safety.consulted(source, urls_of(row)):
                    await quarantine.release(connection, self._records, row.id, By(source), "listed no more")
        except ApiProblem as problem:  # deleted meanwhile, or people have decided
            _log.info("link left as it is", link=row.id, why=problem.message)

    async def _place(self, connection: AsyncConnection, row: Row, verdict: Verdict) -> None:
        by, action = By(verdict.source), _action(verdict)
        if await quarantine.place(connection, self._records, row.id, by, action, verdict.reason):
            _log.warning("link put into quarantine", link=row.id, source=verdict.source, reason=verdict.reason)


def _action(verdict: Verdict) -> Action:
    """The operator's own list takes links down. Google's may be wrong, and says that people are to be warned."""
    return "block" if verdict.source == BLOCKLIST else "warn"
