"""Read replicas of Postgres: which of them may answer a read.

Reads that may lag go to a replica, but nobody misses what they, or others of their workspace, have just written. After each
change the place of the write-ahead log that it lies before is noted on the primary; a replica answers for a workspace once
it has replayed the log up to there. So this holds for any number of origin processes, and clients need not know of it.
"""

import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import sqlalchemy as sa
import structlog
from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from origin.storage.named_sql import load

_SQL = {name: sa.text(text) for name, text in load(Path(__file__).with_name("replicas.sql")).items()}
# A replica that did not answer is left alone for so long.
_PAUSE_SECONDS = 10.0
# One that is further behind than this is no longer asked at all: nobody waits for what was changed long ago.
_MOST_BYTES_BEHIND = 64 * 1024 * 1024

READS = Counter("nearhop_replica_reads_total", "Reads that may lag, by who answered: a replica or the primary.", ["by"])
FAILURES = Counter("nearhop_replica_failures_total", "Calls of a replica that failed; the primary answered instead.")
UNMARKED = Counter("nearhop_replica_unmarked_total", "Changes whose place in the log could not be noted.")

_log = structlog.get_logger("origin.replicas")


class Replicas:
    """The replicas of one primary."""

    def __init__(self, primary: AsyncEngine, replicas: Sequence[AsyncEngine]) -> None:
        self._primary = primary
        self._replicas = list(replicas)
        self._paused_until = [0.0] * len(self._replicas)
        # Workspaces whose last change could not be noted: until when this process reads theirs from the primary.
        self._unmarked: dict[int, float] = {}

    async def wrote(self, workspace_id: int) -> None:
        """Note that the workspace has changed something; call it after the commit and before the answer."""
        try:
            async with self._primary.begin() as connection:
                await connection.execute(sa.text("SET LOCAL synchronous_commit = off"))
                await connection.execute(_SQL["wrote"], {"workspace": workspace_id})
        except SQLAlchemyError as error:  # the change itself is done, so its answer has to say so
            UNMARKED.inc()
            self._unmarked[workspace_id] = time.monotonic() + _PAUSE_SECONDS
            _log.warning("a change could not be marked for the replicas", error=type(error).__name__)

    @asynccontextmanager
    async def reading(self, workspace_id: int) -> AsyncIterator[AsyncConnection | None]:
        """A connection to a replica that has all that the workspace wrote; None where the primary has to answer."""
        async with AsyncExitStack() as held:
            found = await self._current(workspace_id, held)
            READS.labels("primary" if found is None else "replica").inc()
            yield found

    async def dispose(self) -> None:
        """Close the connections to the replicas."""
        for each in self._replicas:
            await each.dispose()

    async def _current(self, workspace_id: int, held: AsyncExitStack) -> AsyncConnection | None:
        if self._unmarked.get(workspace_id, 0.0) > time.monotonic():
            return None
        self._unmarked.pop(workspace_id, None)
        usable = [n for n, until in enumerate(self._paused_until) if time.monotonic() >= until]
        if not usable:
            return None
        async with self._primary.connect() as connection:
            marks = (await connection.execute(_SQL["marks"], {"workspace": workspace_id})).one()
        least = max(marks.written_at, marks.primary_at - _MOST_BYTES_BEHIND)
        return await self._at_least(random.choice(usable), least, held)  # noqa: S311  # to spread the load

    async def _at_least(self, number: int, least: int, held: AsyncExitStack) -> AsyncConnection | None:
        try:
            connection = await held.enter_async_context(self._replicas[number].connect())
            replayed = (await connection.execute(_SQL["replayed"])).scalar_one_or_none()
        except SQLAlchemyError as error:
            FAILURES.inc()
            self._paused_until[number] = time.monotonic() + _PAUSE_SECONDS
            _log.warning("a replica does not answer", replica=number, error=type(error).__name__)
            return None
        return connection if replayed is not None and replayed >= least else None
