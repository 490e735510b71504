"""The wait before the work: while an installation starts, Postgres and its schema come a moment later."""

import time

import psycopg
import structlog

from kvsync import database
from kvsync.health import Health
from kvsync.settings import Settings
from kvsync.waits import Signals

log = structlog.get_logger("kvsync")

# Longer than a first start takes. After that what is missing is a failure, and is said as one.
WAIT_SECONDS = 60.0
_PAUSE_SECONDS = 0.2
# The youngest of the tables that kvsync works on.
_READY = "select to_regclass('kv_packs_state') is not null"


async def wait_for_schema(settings: Settings, signals: Signals, health: Health, longest: float = WAIT_SECONDS) -> None:
    """Return once Postgres has kvsync's tables, or when told to stop, or after `longest` seconds."""
    end, told = time.monotonic() + longest, False
    while not signals.stopping and (why := await _missing(settings)) and time.monotonic() < end:
        health.fail("postgres", why)
        if not told:
            log.info("waiting_for_postgres")
        told = True
        await signals.pause(_PAUSE_SECONDS)


async def _missing(settings: Settings) -> str:
    """What keeps kvsync from working; "" where nothing does."""
    try:
        async with await database.connect(settings.database_url) as connection:
            row = await (await connection.execute(_READY)).fetchone()
    except psycopg.Error as error:
        return database.why(error)
    return "" if row and row[0] else "the schema is not there yet"
