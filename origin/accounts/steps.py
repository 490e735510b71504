"""Log-ins that take more than one call: what the next call has to bring, good once, for minutes and for one purpose."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.accounts.api_keys import digest
from origin.problems import Unprocessable
from origin.storage.tables import Row
from origin.storage.tables import auth_steps as table

SECOND_FACTOR = "second_factor"
LIFETIME = timedelta(minutes=5)


async def begin(
    connection: AsyncConnection,
    purpose: str,
    user_id: int | None = None,
    payload: dict[str, Any] | None = None,
) -> str:
    """A new token for the next call. Only its hash is kept."""
    token = secrets.token_urlsafe(32)
    values = {"purpose": purpose, "token_hash": digest(token), "user_id": user_id, "payload": payload}
    await connection.execute(sa.insert(table).values(expires_at=datetime.now(UTC) + LIFETIME, **values))
    return token


async def peek(connection: AsyncConnection, purpose: str, token: str) -> Row:
    """What a token is about, which stays good; raises Unprocessable."""
    row: Row | None = (await connection.execute(sa.select(table).where(_good(purpose, token)))).one_or_none()
    return _there(row)


async def use(connection: AsyncConnection, purpose: str, token: str, field: str = "token") -> Row:
    """What a token is about; raises Unprocessable, which names the field that it came in.

    With this transaction it is spent, and of two uses at once one gets it.
    """
    statement = sa.delete(table).where(_good(purpose, token)).returning(table)
    row: Row | None = (await connection.execute(statement)).one_or_none()
    return _there(row, field)


async def end_all(connection: AsyncConnection, user_id: int) -> None:
    """Whoever was in the middle of logging in begins again."""
    await connection.execute(sa.delete(table).where(table.c.user_id == user_id))


async def delete_expired(connection: AsyncConnection) -> None:
    """Forget the tokens that nobody can use any more."""
    await connection.execute(sa.delete(table).where(table.c.expires_at < sa.func.now()))


def _good(purpose: str, token: str) -> sa.ColumnElement[bool]:
    this = sa.and_(table.c.purpose == purpose, table.c.token_hash == digest(token))
    return sa.and_(this, table.c.expires_at > sa.func.now())


def _there(row: Row | None, field: str = "token") -> Row:
    if row is None:
        raise Unprocessable(f"{field}: it is not valid, or no longer. Begin again.")
    return row
