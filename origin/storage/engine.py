"""The async SQLAlchemy engine on psycopg 3."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

# A statement that runs longer has lost its reader; the API answers long before.
_STATEMENT_TIMEOUT_MS = 30_000
_IDLE_TRANSACTION_TIMEOUT_MS = 60_000


def sqlalchemy_url(database_url: str) -> sa.URL:
    """A plain `postgresql://` URL, as every other program takes it, with the driver that origin uses."""
    return sa.make_url(database_url).set(drivername="postgresql+psycopg")


def make_engine(database_url: str, *, pool_size: int = 10, connect_seconds: int = 5) -> AsyncEngine:
    """An engine whose connections are tested before use and give up on what hangs. Dispose of it at the end."""
    options = (
        f"-c statement_timeout={_STATEMENT_TIMEOUT_MS} "
        f"-c idle_in_transaction_session_timeout={_IDLE_TRANSACTION_TIMEOUT_MS} -c timezone=UTC"
    )
    return create_async_engine(
        sqlalchemy_url(database_url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        pool_pre_ping=True,
        hide_parameters=True,  # an error that is logged would show password hashes
        connect_args={"application_name": "nearhop-origin", "connect_timeout": connect_seconds, "options": options},
    )
