"""What the edge's isolates counted: each batch of clicks brings it along, since nobody can call an isolate by its name."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.clicks import metrics
from origin.clicks.event import Batch
from origin.storage import named_sql
from origin.storage.tables import Row

_SQL = {name: sa.text(text) for name, text in named_sql.load(Path(__file__).with_name("edge_counters.sql")).items()}
# An isolate without a batch for so long is over, and so is every queue that may hold one of its batches.
FOLD_DAYS = 15
MOST_LISTED = 100


class EdgeCounters:
    """The table `edge_counters`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def note(self, batches: Iterable[Batch]) -> None:
        """Keep what the isolates of these batches told last, and show the sums; raises SQLAlchemyError."""
        told = newest(batches)
        if not told:
            return
        values: dict[str, Any] = {
            "isolates": list(told),
            "counters": [msgspec.json.encode(counters).decode() for counters in told.values()],
        }
        async with self._engine.begin() as connection:
            await connection.execute(_SQL["note"], values)
        for counter, count in (await self.sums()).items():
            metrics.EDGE.labels(counter).set(count)

    async def sums(self) -> dict[str, int]:
        """Each counter over all isolates; raises SQLAlchemyError."""
        async with self._engine.connect() as connection:
            return {row.counter: row.total for row in await connection.execute(_SQL["sums"])}

    async def isolates(self) -> Sequence[Row]:
        """`isolate, counters, seen_at` of the busiest ones; raises SQLAlchemyError."""
        async with self._engine.connect() as connection:
            return (await connection.execute(_SQL["isolates"], {"most": MOST_LISTED})).all()

    async def fold(self, days: int = FOLD_DAYS) -> None:
        """Forget isolates that are over, and keep their sums; raises SQLAlchemyError."""
        async with self._engine.begin() as connection:
            await connection.execute(_SQL["fold_alone"])
            await connection.execute(_SQL["fold"], {"days": days})


def newest(batches: Iterable[Batch]) -> dict[str, dict[str, int]]:
    """The counters of each isolate's last batch, in whatever order they came."""
    told: dict[str, dict[str, int]] = {}
    for batch in batches:
        kept = batch.counters.get("clicks_kept")
        if batch.edge and kept is not None and kept >= told.get(batch.edge, {}).get("clicks_kept", -1):
            told[batch.edge] = batch.counters
    return told
