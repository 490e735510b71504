"""The async SQLAlchemy engine on psycopg 3."""

import time
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

# A statement that runs longer has lost its reader; the API answers long before.
_STATEMENT_TIMEOUT_MS = 30_000
_IDLE_TRANSACTION_TIMEOUT_MS = 60_000
_TRUSTED_SECONDS = 1.0
_USED_AT = "nearhop.used_at"


def sqlalchemy_url(database_url: str) -> sa.URL:
    """A plain `postgresql://` URL, as every other program takes it, with the driver that origin uses."""
    return sa.make_url(database_url).set(drivername="postgresql+psycopg")


def make_engine(database_url: str, *, pool_size: int = 10, connect_seconds: int = 5) -> AsyncEngine:
    """An engine whose connections are tested after a rest and give up on what hangs. Dispose of it at the end."""
    options = (
        f"-c statement_timeout={_STATEMENT_TIMEOUT_MS} "
        f"-c idle_in_transaction_session_timeout={_IDLE_TRANSACTION_TIMEOUT_MS} -c timezone=UTC"
    )
    engine = create_async_engine(
        sqlalchemy_url(database_url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        hide_parameters=True,  # an error that is logged would show password hashes
        connect_args={"application_name": "nearhop-origin", "connect_timeout": connect_seconds, "options": options},
    )
    _test_the_rested(engine.sync_engine)
    return engine


def _test_the_rested(engine: sa.Engine) -> None:
    """Test connections before use that have lain idle, and replace those that Postgres has closed meanwhile.

    One that was in use a moment ago is trusted: to test each time would ask Postgres twice for most of what the API asks.
    Where it is broken all the same, its request fails as those do that are under way, and the pool begins anew.
    """

    def note(connection: Any, record: ConnectionPoolEntry) -> None:
        del connection
        record.info[_USED_AT] = time.monotonic()

    def test(connection: Any, record: ConnectionPoolEntry, proxy: PoolProxiedConnection) -> None:
        del proxy
        if time.monotonic() - record.info[_USED_AT] < _TRUSTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise sa.exc.DisconnectionError from error

    for happening, listener in (("connect", note), ("checkin", note), ("checkout", test)):
        sa.event.listen(engine, happening, listener)
