"""Sessions: families of refresh tokens, of which each token is good for one use.

A token that comes a second time has been copied, by its owner's browser or by a thief: nobody can tell, so the whole
family ends and the owner logs in again.
"""

import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from origin.accounts.api_keys import digest
from origin.problems import Unauthorized
from origin.storage.tables import Row, refresh_tokens

LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Session:
    """A user's session, and the refresh token that continues it."""

    user_id: int
    family: str
    refresh_token: str


async def begin(connection: AsyncConnection, user_id: int) -> Session:
    """A new session."""
    return await _continue(connection, user_id, str(uuid.uuid4()))


async def rotate(engine: AsyncEngine, token: str) -> Session:
    """Use a refresh token up and give the next one; raises Unauthorized."""
    async with engine.begin() as connection:
        used = await _use(connection, token)
        if used is not None:
            return await _continue(connection, used.user_id, used.family)
        await _end_family_of(connection, token)  # in a transaction that is committed before the refusal
    raise Unauthorized("The refresh token is not valid, or no longer: log in again.")


async def end(connection: AsyncConnection, token: str) -> None:
    """Log out: no token of this family works any more."""
    await _end_family_of(connection, token)


async def delete_expired(connection: AsyncConnection) -> None:
    """Forget the tokens that nobody can use any more."""
    await connection.execute(sa.delete(refresh_tokens).where(refresh_tokens.c.expires_at < sa.func.now()))


async def _use(connection: AsyncConnection, token: str) -> Row | None:
    table = refresh_tokens
    usable = sa.and_(table.c.token_hash == digest(token), table.c.used_at.is_(None), table.c.expires_at > sa.func.now())
    update = sa.update(table).where(usable).values(used_at=sa.func.now()).returning(table.c.user_id, table.c.family)
    return (await connection.execute(update)).one_or_none()


async def _continue(connection: AsyncConnection, user_id: int, family: str) -> Session:
    token = secrets.token_urlsafe(32)
    expires_at = datetime.now(UTC) + LIFETIME
    values = {"user_id": user_id, "family": family, "token_hash": digest(token), "expires_at": expires_at}
    await connection.execute(sa.insert(refresh_tokens).values(values))
    return Session(user_id, str(family), token)


async def _end_family_of(connection: AsyncConnection, token: str) -> None:
    family = sa.select(refresh_tokens.c.family).where(refresh_tokens.c.token_hash == digest(token))
    await connection.execute(sa.delete(refresh_tokens).where(refresh_tokens.c.family.in_(family)))
