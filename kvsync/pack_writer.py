"""Writes the packs of popular links to KV, now and then.

They help isolates that start and are never needed: without them links are read one by one. Origin says which links are popular
(the table `popular_links`); as long as it says nothing new, and the change feed lists all that has changed since, the packs
stay as they are. Two writers at once do no harm, for each pack says itself how old it is.
"""

import asyncio
from typing import Any

import structlog
from psycopg import AsyncConnection

from kvsync.changes import Change
from kvsync.errors import KvBusy, KvError
from kvsync.kv_api import KvApi
from kvsync.metrics import Metrics
from kvsync.packs import cut
from kvsync.periodic_writer import PeriodicWriter
from kvsync.settings import Settings
from kvsync.sql import statements
from kvsync.waits import Signals
from shared import link_packs

log = structlog.get_logger("kvsync")
_SQL = statements("packs.sql")
_LOOKS_PER_INTERVAL = 20
# All packs are written within this time, or by another kvsync.
_LEASE_SECONDS = 300.0
# The edge takes a pack for this much older than it is, and may get it from KV this late.
_SETTLE_SECONDS = _LATE_SECONDS = 60.0
# While the feed does not reach back to the packs, no isolate takes them: they are written again after this share of the time.
_SOONER = 0.1


class PackWriter(PeriodicWriter):
    """Several may run at once: the one that holds the claim writes."""

    def __init__(self, settings: Settings, api: KvApi, signals: Signals, metrics: Metrics) -> None:
        super().__init__(settings, api, signals, metrics)
        self.pause = settings.kv_pack_seconds / _LOOKS_PER_INTERVAL

    async def round(self, connection: AsyncConnection[Any]) -> bool:
        """Write the packs if they are due and nobody else does; raises KvError and psycopg.Error."""
        times = {
            "lease": _LEASE_SECONDS,
            "interval": self._settings.kv_pack_seconds,
            "sooner": self._settings.kv_pack_seconds * _SOONER,
            "settle": _SETTLE_SECONDS,
            "late": _LATE_SECONDS,
        }
        claimed = await (await connection.execute(_SQL["claim"], {"owner": self._owner, **times})).fetchone()
        if claimed is None:
            return False
        try:
            await self._write(connection, claimed[0])
        except KvError:
            await connection.execute(_SQL["release"], {"owner": self._owner})
            raise
        return True

    async def _write(self, connection: AsyncConnection[Any], before: int) -> None:
        async with connection.transaction():
            # First: whatever was published before `at` is in what is read after it.
            at, read_at, ranked_at = await self._one(connection)
            records = await (await connection.execute(_SQL["records"])).fetchall()
        # In a thread: half a second in which changes are to be published.
        packs = await asyncio.to_thread(cut, records, self._settings.kv_pack_bytes)
        for number, lines in enumerate(packs):
            await self._put(number, int(at), await asyncio.to_thread(link_packs.encode, at, len(packs), lines))
        if before > len(packs):
            surplus = range(len(packs), before)
            await self._api.delete([Change(link_packs.pack_key(number), 0, None, 0) for number in surplus])
        done = {"owner": self._owner, "packs": len(packs), "read_at": read_at, "ranked_at": ranked_at}
        await connection.execute(_SQL["written"], done)
        self._metrics.packs.inc(len(packs))
        self._metrics.packed_links.set(sum(len(lines) for lines in packs))

    async def _one(self, connection: AsyncConnection[Any]) -> Any:
        row = await (await connection.execute(_SQL["ranking"])).fetchone()
        assert row is not None, "the table has one row"
        return row

    async def _put(self, number: int, version: int, value: str) -> None:
        if await self._api.put([Change(link_packs.pack_key(number), version, value, 0)]):
            raise KvBusy("KV asked to write a pack again")

    def _failed(self, why: str) -> None:
        self._metrics.failed.labels("packs").inc()
        log.warning("packs_failed", error=why)
