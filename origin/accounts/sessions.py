"""Sessions: families of refresh tokens, of which each token is good for one use.

A token that comes a second time has been copied, by its owner's browser or by a thief: nobody can tell, so the whole
family ends and the owner logs in again. An access token is good as long as its session is there.
"""

import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.requests import Request

from origin import ids
from origin.accounts import mail_tokens, steps
from origin.accounts.api_keys import digest
from origin.problems import NotFound, Unauthorized
from origin.storage.tables import Row, refresh_tokens
from origin.storage.tables import sessions as table

LIFETIME = timedelta(days=7)
_LONGEST_AGENT = 300


@dataclass(frozen=True, slots=True)
class Session:
    """A user's session, and the refresh token that continues it."""

    user_id: int
    family: str
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session is used from, as its owner may recognize it."""

    address: str = ""
    user_agent: str = ""


class SessionInfo(msgspec.Struct, rename="camel"):
    """A session as its owner sees it; `current` is the one that asks."""

    id: str
    current: bool
    address: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


def place_of(request: Request) -> Place:
    """Where a request comes from."""
    address = request.client.host if request.client else ""
    return Place(address, request.headers.get("User-Agent", "").replace("\0", "")[:_LONGEST_AGENT])


async def begin(connection: AsyncConnection, user_id: int, place: Place | None = None) -> Session:
    """A new session."""
    family, where = str(uuid.uuid4()), place or Place()
    values = {"user_id": user_id, "family": family, "address": where.address, "user_agent": where.user_agent}
    await connection.execute(sa.insert(table).values(expires_at=datetime.now(UTC) + LIFETIME, **values))
    return await _continue(connection, user_id, family)


async def rotate(engine: AsyncEngine, token: str, place: Place | None = None) -> Session:
    """Use a refresh token up and give the next one; raises Unauthorized."""
    async with engine.begin() as connection:
        used = await _use(connection, token)
        if used is not None and await _touch(connection, used.family, place or Place()):
            return await _continue(connection, used.user_id, str(used.family))
        await _end_family_of(connection, token)  # in a transaction that is committed before the refusal
    raise Unauthorized("The refresh token is not valid, or no longer: log in again.")


async def end(connection: AsyncConnection, token: str) -> None:
    """Log out: no token of this family works any more."""
    await _end_family_of(connection, token)


async def end_all(connection: AsyncConnection, user_id: int, *, but: str | None = None) -> None:
    """Log out everywhere, but in the family that is to go on; log-ins that have only begun end too.

    So does a change of the address that waits for its letter: who is thrown out must not come back by it.
    """
    await steps.end_all(connection, user_id)
    for each in (refresh_tokens, table):
        mine = each.c.user_id == user_id
        await connection.execute(sa.delete(each).where(mine if but is None else sa.and_(mine, each.c.family != but)))
    await mail_tokens.revoke_of_user(connection, mail_tokens.CHANGE_EMAIL, user_id)


async def end_one(connection: AsyncConnection, user_id: int, session_id: str) -> None:
    """Log out in one place; raises NotFound."""
    mine = sa.and_(table.c.user_id == user_id, table.c.id == ids.parse(ids.SESSION, session_id))
    family = (await connection.execute(sa.delete(table).where(mine).returning(table.c.family))).scalar_one_or_none()
    if family is None:
        raise NotFound(f"You have no session {session_id}.")
    await connection.execute(sa.delete(refresh_tokens).where(refresh_tokens.c.family == family))


async def of_user(connection: AsyncConnection, user_id: int, current: str | None) -> list[SessionInfo]:
    """A user's sessions, the last used first."""
    alive = sa.and_(table.c.user_id == user_id, table.c.expires_at > sa.func.now())
    rows = await connection.execute(sa.select(table).where(alive).order_by(table.c.last_used_at.desc(), table.c.id))
    return [
        SessionInfo(
            id=ids.public(ids.SESSION, row.id),
            current=str(row.family) == current,
            address=row.address,
            user_agent=row.user_agent,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
        )
        for row in rows
    ]


async def is_alive(connection: AsyncConnection, family: str) -> bool:
    """Whether a session goes on, for its access tokens."""
    return (await connection.execute(sa.select(table.c.id).where(table.c.family == family))).first() is not None


async def is_younger(connection: AsyncConnection, family: str | None, age: timedelta) -> bool:
    """Whether a session was begun less than this long ago."""
    begun = sa.and_(table.c.family == family, table.c.created_at > datetime.now(UTC) - age)
    return (await connection.execute(sa.select(table.c.id).where(begun))).first() is not None


async def delete_expired(connection: AsyncConnection) -> None:
    """Forget the tokens and sessions that nobody can use any more."""
    for each in (refresh_tokens, table):
        await connection.execute(sa.delete(each).where(each.c.expires_at < sa.func.now()))


async def _use(connection: AsyncConnection, token: str) -> Row | None:
    tokens = refresh_tokens.c
    usable = sa.and_(tokens.token_hash == digest(token), tokens.used_at.is_(None), tokens.expires_at > sa.func.now())
    update = sa.update(refresh_tokens).where(usable).values(used_at=sa.func.now())
    return (await connection.execute(update.returning(tokens.user_id, tokens.family))).one_or_none()


async def _touch(connection: AsyncConnection, family: uuid.UUID, place: Place) -> bool:
    """Note a use; False where the session was ended meanwhile."""
    values = {"address": place.address, "user_agent": place.user_agent, "expires_at": datetime.now(UTC) + LIFETIME}
    update = sa.update(table).where(table.c.family == family).values(last_used_at=sa.func.now(), **values)
    return bool((await connection.execute(update)).rowcount)


async def _continue(connection: AsyncConnection, user_id: int, family: str) -> Session:
    token = secrets.token_urlsafe(32)
    expires_at = datetime.now(UTC) + LIFETIME
    values = {"user_id": user_id, "family": family, "token_hash": digest(token), "expires_at": expires_at}
    await connection.execute(sa.insert(refresh_tokens).values(values))
    return Session(user_id, family, token)


async def _end_family_of(connection: AsyncConnection, token: str) -> None:
    select = sa.select(refresh_tokens.c.family).where(refresh_tokens.c.token_hash == digest(token))
    family = (await connection.execute(select)).scalar_one_or_none()
    for each in (refresh_tokens, table):
        await connection.execute(sa.delete(each).where(each.c.family == family))
