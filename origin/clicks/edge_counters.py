"""What the edge's isolates counted: each batch of clicks brings it along, since nobody can call an isolate by its name.

The counters need not be exact, and clicks do not wait for them: a failure here is logged, counted and passed over.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.clicks import metrics
from origin.clicks.event import Batch
from origin.storage import named_sql
from origin.storage.tables import Row

_SQL = {name: sa.text(text) for name, text in named_sql.load(Path(__file__).with_name("edge_counters.sql")).items()}
# An isolate without a batch for so long is over, and so is every queue that may hold one of its batches.
FOLD_DAYS = 15
MOST_LISTED = 100
_SHOW_SECONDS = 60.0
_log = structlog.get_logger(__name__)


class EdgeCounters:
    """The table `edge_counters`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def note(self, batches: Iterable[Batch]) -> None:
        """Keep what the isolates of these batches told last."""
        told = newest(batches)
        if not told:
            return
        values: dict[str, Any] = {
            "isolates": list(told),
            "counters": [msgspec.json.encode(counters).decode() for counters in told.values()],
        }
        with _passed_over("note"):
            async with self._engine.begin() as connection:
                await connection.execute(_SQL["note"], values)

    async def show(self) -> None:
        """Put the sums into the metrics."""
        with _passed_over("show"):
            for counter, count in (await self.sums()).items():
                metrics.EDGE.labels(counter).set(count)

    async def show_each_minute(self) -> None:
        """Until it is cancelled. The sums go over all isolates, so they are no part of a block's way."""
        while True:
            await self.show()
            await asyncio.sleep(_SHOW_SECONDS)

    async def sums(self) -> dict[str, int]:
        """Each counter over all isolates; raises SQLAlchemyError."""
        async with self._engine.connect() as connection:
            return {row.counter: row.total for row in await connection.execute(_SQL["sums"])}

    async def isolates(self) -> Sequence[Row]:
        """`isolate, counters, seen_at` of the busiest ones; raises SQLAlchemyError."""
        async with self._engine.connect() as connection:
            return (await connection.execute(_SQL["isolates"], {"most": MOST_LISTED})).all()

    async def fold(self, days: int = FOLD_DAYS) -> None:
        """Forget isolates that are over, and keep their sums."""
        with _passed_over("fold"):
            async with self._engine.begin() as connection:
                await connection.execute(_SQL["fold_alone"])
                await connection.execute(_SQL["fold"], {"days": days})


@contextlib.contextmanager
def _passed_over(action: str) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        metrics.EDGE_FAILURES.inc()
        _log.warning("edge_counters_failed", action=action, error=str(error)[:500])


def newest(batches: Iterable[Batch]) -> dict[str, dict[str, int]]:
    """The counters of each isolate's last batch, in whatever order they came."""
    told: dict[str, dict[str, int]] = {}
    for batch in batches:
        kept = batch.counters.get("clicks_kept")
        if batch.edge and kept is not None and kept >= told.get(batch.edge, {}).get("clicks_kept", -1):
            told[batch.edge] = batch.counters
    return told
