"""Wakes the worker when origin commits a change. A lost notification costs a poll, never a change."""

import psycopg
import structlog

from kvsync import database
from kvsync.backoff import Backoff
from kvsync.health import Health
from kvsync.settings import Settings
from kvsync.waits import Signals

log = structlog.get_logger("kvsync")

# psycopg waits without a break; this is how soon it looks up to see that the process shall stop.
_LOOK_UP_SECONDS = 0.5


async def listen(settings: Settings, signals: Signals, health: Health) -> None:
    """Hold a connection that LISTENs, through failures, until told to stop."""
    backoff = Backoff(settings.kv_backoff_seconds)
    while not signals.stopping:
        try:
            await _hear(settings, signals, health, backoff)
        except psycopg.Error as error:
            if health.fail("notifications", database.why(error)):
                log.warning("notifications_failed", error=database.why(error))
            await signals.pause(backoff.next())


async def _hear(settings: Settings, signals: Signals, health: Health, backoff: Backoff) -> None:
    async with await database.connect(settings.database_url) as connection:
        await connection.execute("listen outbox")
        health.pass_("notifications")
        backoff.reset()
        signals.wake.set()  # something may have come before we listened
        while not signals.stopping:
            async for _ in connection.notifies(timeout=_LOOK_UP_SECONDS, stop_after=1):
                signals.wake.set()
