"""The loop that empties the outbox: claim, publish, write down, wait."""

import asyncio
from typing import Any

import psycopg
import structlog
from psycopg import AsyncConnection

from kvsync import database
from kvsync.backoff import Backoff
from kvsync.batch_size import BatchSize
from kvsync.changes import Claim, Outcome
from kvsync.errors import KvBusy, KvError
from kvsync.health import Health
from kvsync.kv_api import KvApi
from kvsync.metrics import Metrics
from kvsync.outbox import Outbox
from kvsync.publish import Publisher
from kvsync.settings import Settings
from kvsync.waits import Signals

log = structlog.get_logger("kvsync")

# When told to stop, a round may go on for this long; the supervisor gives a process 8 s in all.
GRACE_SECONDS = 4.0
_SHORTEST_WAIT_SECONDS = 0.05
# Calls are kept this much shorter than their timeout, so that a slow moment is no failure.
_CALLS_IN_A_TIMEOUT = 5


class Worker:
    """Publishes changes until told to stop. Several may run at once, in one process or in many."""

    def __init__(self, settings: Settings, api: KvApi, signals: Signals, metrics: Metrics, health: Health) -> None:
        self._settings = settings
        self._api = api
        self._signals = signals
        self._metrics = metrics
        self._health = health
        self._backoff = Backoff(settings.kv_backoff_seconds)
        self._size = BatchSize(settings.kv_batch_pairs, settings.kv_timeout_seconds / _CALLS_IN_A_TIMEOUT)

    async def run(self) -> None:
        """Work until told to stop, through failures of Postgres and of KV."""
        work = asyncio.create_task(self._work())
        stop = asyncio.create_task(self._signals.stop.wait())
        await asyncio.wait((work, stop), return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not work.done():
            await asyncio.wait((work,), timeout=GRACE_SECONDS)
        work.cancel()
        await asyncio.gather(work, stop, return_exceptions=True)
        if not work.cancelled() and (error := work.exception()):
            raise error

    async def _work(self) -> None:
        while not self._signals.stopping:
            try:
                async with await database.connect(self._settings.database_url) as connection:
                    await self.until_stopped(connection)
            except psycopg.Error as error:
                self._metrics.failed.labels("postgres").inc()
                if self._health.fail("postgres", database.why(error)):
                    log.warning("postgres_failed", error=database.why(error))
                await self._signals.pause(self._backoff.next())

    async def until_stopped(self, connection: AsyncConnection[Any]) -> None:
        """Rounds on one connection; raises psycopg.Error when that fails."""
        outbox = Outbox(connection, self._settings)
        while not self._signals.stopping:
            await self._round_and_wait(outbox)

    async def until_drained(self, connection: AsyncConnection[Any], last: int) -> None:
        """Rounds until no change up to this row of the outbox waits, or told to stop; raises psycopg.Error."""
        outbox = Outbox(connection, self._settings)
        while not self._signals.stopping and await outbox.waiting(last):
            await self._round_and_wait(outbox)

    async def _round_and_wait(self, outbox: Outbox) -> None:
        outcome = await self.round(outbox)
        self._health.pass_("postgres")
        if outcome is None:
            await self._wait_for_work(outbox)
        elif outcome.error:
            asked_for = outcome.error.retry_after if isinstance(outcome.error, KvBusy) else None
            await self._signals.pause(self._backoff.next(asked_for))
        else:
            self._backoff.reset()

    async def round(self, outbox: Outbox) -> Outcome | None:
        """Claim and publish once; None when nothing was due."""
        claim = await outbox.claim(self._size.pairs)
        if not claim.changes:
            return None
        outcome = Outcome()
        try:
            await Publisher(self._api, self._settings, outbox.renew, self._size).publish(claim, outcome)
        finally:
            # Also when cancelled: what is known is written down, what was not sent is free again.
            await outbox.finish(claim, outcome)
        self._count(claim, outcome)
        return outcome

    async def _wait_for_work(self, outbox: Outbox) -> None:
        due = await outbox.next_due()
        longest = self._settings.kv_poll_seconds
        await self._signals.for_work(longest if due is None else max(_SHORTEST_WAIT_SECONDS, min(due, longest)))

    def _count(self, claim: Claim, outcome: Outcome) -> None:
        deletes = sum(change.value is None for change in outcome.written)
        self._metrics.published.labels("delete").inc(deletes)
        self._metrics.published.labels("put").inc(len(outcome.written) - deletes)
        self._metrics.superseded.inc(sum(change.superseded for change in claim.changes))
        self._metrics.poisoned.inc(len(outcome.refused))
        for change, error in outcome.refused:
            log.error("change_poisoned", key=change.key, version=change.version, error=error)
        if outcome.written:
            log.info("published", puts=len(outcome.written) - deletes, deletes=deletes)
        if outcome.error:
            self._failed(outcome.error)
        elif outcome.written or outcome.refused:
            self._health.pass_("kv")

    def _failed(self, error: KvError) -> None:
        self._metrics.failed.labels(error.reason).inc()
        self._health.fail("kv", str(error))
        log.warning("kv_failed", reason=error.reason, error=str(error))
