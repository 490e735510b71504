"""Connections to Postgres, each with its time limits."""

from typing import Any

import psycopg
from psycopg import AsyncConnection

# A lock or statement that takes this long has met trouble: give up, say so and try again.
_LIMITS = "set statement_timeout = '30s'; set lock_timeout = '3s'; set idle_in_transaction_session_timeout = '60s'"
CONNECT_TIMEOUT_SECONDS = 5


async def connect(url: str) -> AsyncConnection[Any]:
    """A new connection in autocommit mode; raises psycopg.Error when Postgres does not answer."""
    connection = await AsyncConnection.connect(
        url,
        autocommit=True,
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        application_name="nearhop-kvsync",
        # A host that vanished without a word is noticed in half a minute.
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=4,
    )
    await connection.execute(_LIMITS)
    return connection


def why(error: psycopg.Error) -> str:
    """An error of Postgres on one line."""
    return " ".join(str(error).split()) or type(error).__name__
