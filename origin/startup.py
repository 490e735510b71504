"""What happens before origin serves: wait for Postgres, see to its schema, make the local owner."""

import asyncio
import time

import psycopg
import structlog

from origin import local_owner
from origin.bootstrap import Origin
from origin.domains import service as domains
from origin.settings import OriginSettings
from origin.storage import migrate
from origin.storage.clickhouse import ClickHouseUnavailable
from origin.storage.folder_lock import FolderLocked

_WAIT_SECONDS = 60.0
_PAUSE_SECONDS = 0.1

_log = structlog.get_logger("origin.startup")


class CannotStart(Exception):
    """Origin can't start. The message is one sentence for whoever started it."""


def prepare_database(settings: OriginSettings) -> None:
    """Wait until Postgres answers; migrate the embedded one. Raises CannotStart."""
    _wait(settings.postgres_url)
    if settings.embedded_postgres:
        migrate.upgrade(settings.postgres_url)
    elif not migrate.is_current(settings.postgres_url):
        raise CannotStart("The database's schema is not that of this release: run `python -m origin migrate` first.")


async def prepare_installation(origin: Origin) -> None:
    """Make the shared domain, and in embedded mode the local owner, where they are missing."""
    async with origin.engine.begin() as connection:
        await domains.ensure_shared(connection, origin.settings.default_domain)
    if origin.settings.embedded_postgres:
        await local_owner.ensure(origin.engine, origin.settings.home, origin.passwords)
    await origin.clicks.prepare()
    await origin.engine.dispose()  # its connections belong to this event loop, and the server runs another one


def prepare(origin: Origin) -> None:
    """Everything, in order: first what a second process on the same home must not get past. Raises CannotStart."""
    try:
        origin.clicks.reserve()
        prepare_database(origin.settings)
        asyncio.run(prepare_installation(origin))
    except (FolderLocked, ClickHouseUnavailable) as error:
        raise CannotStart(str(error)) from error


def _wait(database_url: str) -> None:
    end = time.monotonic() + _WAIT_SECONDS
    told = False
    while True:
        try:
            psycopg.connect(database_url, connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > end:
                raise CannotStart(f"Postgres did not answer for {_WAIT_SECONDS:.0f} s: {error}") from error
            if not told:
                _log.info("waiting for Postgres")
                told = True
            time.sleep(_PAUSE_SECONDS)
        else:
            return
