"""Measures the outbox for /metrics, and tries KV while it is not known to answer."""

import psycopg

from kvsync import database
from kvsync.errors import KvError
from kvsync.health import Health
from kvsync.kv_api import KvApi
from kvsync.metrics import Metrics
from kvsync.settings import Settings
from kvsync.sql import statements
from kvsync.waits import Signals

_STATE = statements("outbox.sql")["state"]
_FEWEST_LISTED = 10  # Cloudflare lists no fewer
INTERVAL_SECONDS = 2.0


async def monitor(settings: Settings, api: KvApi, signals: Signals, metrics: Metrics, health: Health) -> None:
    """Measure every few seconds until told to stop."""
    while not signals.stopping:
        if health.failed("kv"):
            await _try_kv(api, health)
        try:
            async with await database.connect(settings.database_url) as connection:
                while not signals.stopping:
                    await measure(connection, metrics)
                    if health.failed("kv"):
                        await _try_kv(api, health)
                    await signals.pause(INTERVAL_SECONDS)
        except psycopg.Error:
            # The worker's connection fails for the same reason and says it.
            await signals.pause(INTERVAL_SECONDS)


async def measure(connection: psycopg.AsyncConnection[tuple[float, ...]], metrics: Metrics) -> None:
    """Set the gauges from the table; raises psycopg.Error."""
    row = await (await connection.execute(_STATE)).fetchone()
    assert row is not None, "an aggregate without GROUP BY has one row"
    metrics.depth.set(row[0])
    metrics.lag.set(row[1])
    metrics.poisoned_rows.set(row[2])
    metrics.feed_age.set(row[3])


async def _try_kv(api: KvApi, health: Health) -> None:
    try:
        await api.list_page(limit=_FEWEST_LISTED)
    except KvError as error:
        health.fail("kv", str(error))
    else:
        health.pass_("kv")
