"""`kvsync reconcile`: walk all links and all keys, report what differs, and put it right through the outbox."""

import time
from collections import Counter
from typing import Any

from psycopg import AsyncConnection

from kvsync import database
from kvsync.drift import Difference, Kind, Walked, differences
from kvsync.health import Health
from kvsync.kv_api import KvApi
from kvsync.metrics import Metrics
from kvsync.outbox import Outbox
from kvsync.progress import Progress
from kvsync.repair import examine
from kvsync.settings import Settings
from kvsync.sql import statements
from kvsync.waits import Signals
from kvsync.worker import Worker

_SQL = statements("reconcile.sql")
_OUTBOX = statements("outbox.sql")
# Differences are looked at again in lots, soon after they were seen.
_LOT = 500
_LOT_SECONDS = 5.0


class Reconciliation:
    """One walk. Memory holds a page of each side and a lot of differences, whatever the number of links."""

    def __init__(self, settings: Settings, api: KvApi, *, repair: bool, progress: Progress) -> None:
        self._settings = settings
        self._api = api
        self._repair = repair
        self._progress = progress
        self._walked = Walked()
        self._lot: list[Difference] = []
        self._lot_ends = 0.0
        self._total = 0
        self.kinds: Counter[Kind] = Counter()
        self.under_way = 0

    @property
    def drift(self) -> int:
        """How many keys are not as they should be. What is not ours does not count."""
        return self.kinds.total() - self.kinds[Kind.FOREIGN]

    async def run(self) -> None:
        """Walk, report each difference on stdout, repair. Raises KvError and psycopg.Error."""
        async with (
            await database.connect(self._settings.database_url) as reading,
            await database.connect(self._settings.database_url) as writing,
        ):
            self._total = await _number(reading, _SQL["count"])
            async for each in differences(reading, self._api, self._walked):
                await self._take(writing, each)
                self._show()
            await self._flush(writing)
            self._progress.clear()

    async def drain(self, signals: Signals) -> int:
        """Publish what the repair queued, beside any running kvsync. Returns how many changes still wait."""
        health = Health()
        worker = Worker(self._settings, self._api, signals, Metrics(), health)
        async with await database.connect(self._settings.database_url) as connection:
            last = await _number(connection, _OUTBOX["last_row"])
            await worker.until_drained(connection, last)
            return await Outbox(connection, self._settings).waiting(last)

    def summary(self) -> str:
        """The findings on a few lines."""
        counts = ", ".join(f"{self.kinds[kind]} {kind}" for kind in Kind if self.kinds[kind]) or "no drift"
        return (
            f"{self._walked.links} links and {self._walked.keys} keys compared: {counts}"
            f" ({self.under_way} just being written were passed over)"
        )

    async def _take(self, connection: AsyncConnection[Any], each: Difference) -> None:
        if each.kind is Kind.FOREIGN:
            self._report(each, Kind.FOREIGN)
            return
        if not self._lot:
            self._lot_ends = time.monotonic() + _LOT_SECONDS
        self._lot.append(each)
        if len(self._lot) == _LOT or time.monotonic() > self._lot_ends:
            await self._flush(connection)

    async def _flush(self, connection: AsyncConnection[Any]) -> None:
        if not self._lot:
            return
        settle = self._settings.kv_settle_seconds
        findings = await examine(connection, self._lot, settle, repair=self._repair)
        self._lot = []
        self.under_way += findings.under_way
        for kind, each in findings.real:
            self._report(each, kind)

    def _report(self, each: Difference, kind: Kind) -> None:
        self.kinds[kind] += 1
        self._progress.clear()
        print(f"{kind}\t{each.key}\tpostgres={each.wanted or '-'}\tkv={each.found or '-'}")  # noqa: T201  # the report

    def _show(self) -> None:
        done = self._walked.links
        share = min(100, 100 * done // max(1, self._total))
        self._progress.show(f"{share}%  {done} of {self._total} links, {self._walked.keys} keys, drift: {self.drift}")


async def _number(connection: AsyncConnection[Any], query: Any, parameters: dict[str, Any] | None = None) -> int:
    row = await (await connection.execute(query, parameters)).fetchone()
    assert row is not None, "a count has a row"
    return int(row[0])
