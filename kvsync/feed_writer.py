"""Writes the change feed to KV: after changes were published, and now and then as a sign of life.

It never holds up publishing: it has a task and a connection of its own. A feed that can't be written grows old in KV, which is
how the edge knows. Postgres keeps what is to be told, so a kvsync that is killed leaves it to the next one.
"""

import time
from typing import Any

import structlog
from psycopg import AsyncConnection

from kvsync.changes import Change
from kvsync.errors import KvBusy, KvError, KvUncertain
from kvsync.kv_api import KvApi
from kvsync.metrics import Metrics
from kvsync.periodic_writer import PeriodicWriter
from kvsync.settings import Settings
from kvsync.sql import statements
from kvsync.waits import Signals
from shared import change_feed

log = structlog.get_logger("kvsync")
_SQL = statements("feed.sql")
_LOOKS_PER_INTERVAL = 2
START_SECONDS = 20.0


class FeedWriter(PeriodicWriter):
    """Several may run at once: the one that holds the claim writes."""

    def __init__(self, settings: Settings, api: KvApi, signals: Signals, metrics: Metrics) -> None:
        super().__init__(settings, api, signals, metrics)
        self.pause = settings.kv_feed_interval_seconds / _LOOKS_PER_INTERVAL
        self._failing = ""
        # KV may come a little later than kvsync, where both are started together.
        self._patient_until = time.monotonic() + START_SECONDS
        self._waiting = False

    async def round(self, connection: AsyncConnection[Any]) -> bool:
        """Write the feed if it is due and nobody else does; raises KvError and psycopg.Error."""
        settings = self._settings
        times = {
            "lease": settings.kv_lease_seconds,
            "interval": settings.kv_feed_interval_seconds,
            "heartbeat": settings.kv_feed_heartbeat_seconds,
        }
        claimed = await connection.execute(_SQL["claim"], {"owner": self._owner, **times})
        if await claimed.fetchone() is None:
            return False
        try:
            head, value = await self._compose(connection)
            again = await self._api.put([Change(change_feed.FEED_KEY, head, value, 0)])
        except KvError as error:
            await self._give_back(connection, error)
            raise
        if again:
            await self._give_back(connection, None)
            raise KvBusy("KV asked to write the change feed again")
        await connection.execute(_SQL["written"], {"owner": self._owner, "head": head})
        self._wrote()
        return True

    async def _compose(self, connection: AsyncConnection[Any]) -> tuple[int, str]:
        """The feed's head and value; raises KvUncertain where the claim was lost meanwhile."""
        bounds = {"most": change_feed.MOST_CHANGES, "most_bytes": change_feed.MOST_BYTES}
        async with connection.transaction():
            await connection.execute(_SQL["number"], {"owner": self._owner})
            state = await (await connection.execute(_SQL["trim"], {"owner": self._owner, **bounds})).fetchone()
            rows = await (await connection.execute(_SQL["lines"])).fetchall()
        if state is None:
            raise KvUncertain("the claim of the change feed ran out")
        head, since, at = state
        return head, change_feed.encode(head, since, at, (line for (line,) in rows))

    async def _give_back(self, connection: AsyncConnection[Any], error: KvError | None) -> None:
        """Free the claim, unless a call may still be under way: then it runs out by itself."""
        if not isinstance(error, KvUncertain):
            await connection.execute(_SQL["release"], {"owner": self._owner})
        elif error.settles_in is not None:
            await connection.execute(_SQL["shorten"], {"owner": self._owner, "seconds": error.settles_in})

    def _wrote(self) -> None:
        self._metrics.feeds.inc()
        self._patient_until = 0.0
        if self._failing:
            log.info("feed_written_again")
        self._failing = ""

    def _failed(self, why: str) -> None:
        self._metrics.failed.labels("feed").inc()
        if time.monotonic() < self._patient_until:
            if not self._waiting:
                log.info("waiting_for_kv")
            self._waiting = True
            return
        if self._failing != why:
            log.warning("feed_failed", error=why)
        self._failing = why
