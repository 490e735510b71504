"""API keys: made once, shown once, kept as a hash; of some scopes, and good until they expire, end or are rotated."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.accounts.access import EVERYTHING, PERMISSIONS, SCOPES, Actor, Scopes, covers
from origin.audit import trail
from origin.audit.trail import Change
from origin.problems import Forbidden, NotFound, Unprocessable
from origin.storage.tables import Row, api_keys, memberships, workspaces

PREFIX = "nh_"
_HINT_LENGTH = 8


class ApiKey(msgspec.Struct, rename="camel"):
    """A key as it is listed: `hint` is how it begins."""

    id: str
    name: str
    hint: str
    user_id: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class NewApiKey(ApiKey):
    """A key as it is answered once, when it is made."""

    key: str = ""


def new_token() -> str:
    """A key's text: 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is stored of a token. It is random and long, so one round of SHA-256 can't be searched."""
    return hashlib.sha256(token.encode()).digest()


def check_scopes(actor: Actor, wanted: list[str]) -> list[str]:
    """The scopes, in order; raises Unprocessable for one that there is not, Forbidden for more than the actor's own."""
    if not wanted:
        raise Unprocessable("scopes: name one at least.")
    for scope in wanted:
        if scope not in SCOPES:
            raise Unprocessable(f"scopes: there is no scope {scope[:50]!r}. There are: {', '.join(sorted(SCOPES))}.")
    given = frozenset(wanted)
    if any(covers(given, each) and not covers(actor.scopes, each) for each in PERMISSIONS):
        raise Forbidden("scopes: an API key can't make one that may more than itself.")
    return sorted(given)


def check_expiry(expires_at: datetime | None) -> datetime | None:
    """The time itself; raises Unprocessable for one that has passed."""
    if expires_at is not None and (expires_at.tzinfo is None or expires_at <= datetime.now(UTC)):
        raise Unprocessable("expiresAt: it is a time to come, with its offset from UTC.")
    return expires_at


async def create(
    connection: AsyncConnection,
    actor: Actor,
    name: str,
    token: str,
    *,
    scopes: Scopes = EVERYTHING,
    expires_at: datetime | None = None,
) -> NewApiKey:
    """Store a key for the actor's workspace, in the actor's name."""
    insert = sa.insert(api_keys).values(
        workspace_id=actor.workspace_id,
        user_id=actor.user_id,
        name=name,
        hint=token[:_HINT_LENGTH],
        key_hash=digest(token),
        scopes=sorted(scopes),
        expires_at=expires_at,
    )
    row = (await connection.execute(insert.returning(api_keys))).one()
    await trail.record(connection, actor.workspace_id, trail.created("api_key.create", _shown(row)))
    return NewApiKey(**_fields(row), key=token)


async def of_workspace(connection: AsyncConnection, actor: Actor) -> list[ApiKey]:
    """The workspace's keys, the newest first."""
    select = sa.select(api_keys).where(api_keys.c.workspace_id == actor.workspace_id).order_by(api_keys.c.id.desc())
    return [_shown(row) for row in await connection.execute(select)]


async def change(connection: AsyncConnection, actor: Actor, key_id: str, values: dict[str, Any]) -> ApiKey:
    """Change a key's name, scopes or expiry; raises NotFound."""
    held = await _hold(connection, actor, key_id)
    changes = values or {"name": api_keys.c.name}  # nothing to change: the key as it is
    update = sa.update(api_keys).where(_mine(actor, key_id)).values(changes).returning(api_keys)
    changed = _shown((await connection.execute(update)).one())
    await trail.record(connection, actor.workspace_id, trail.updated("api_key.update", _shown(held), changed))
    return changed


async def rotate(connection: AsyncConnection, actor: Actor, key_id: str, token: str, overlap: timedelta) -> NewApiKey:
    """Give a key another text; the former one is good for the overlap yet. Raises NotFound."""
    held = await _hold(connection, actor, key_id)
    values = {
        "key_hash": digest(token),
        "hint": token[:_HINT_LENGTH],
        "former_key_hash": held.key_hash if overlap else None,
        "former_key_until": datetime.now(UTC) + overlap if overlap else None,
    }
    update = sa.update(api_keys).where(_mine(actor, key_id)).values(values).returning(api_keys)
    row = (await connection.execute(update)).one()
    await trail.record(connection, actor.workspace_id, _rotated(held, row))
    return NewApiKey(**_fields(row), key=token)


async def delete(connection: AsyncConnection, actor: Actor, key_id: str) -> None:
    """End a key at once; raises NotFound."""
    if not await _end(connection, actor.workspace_id, _mine(actor, key_id)):
        raise NotFound(f"There is no API key {key_id} in this workspace.")


async def delete_of_member(connection: AsyncConnection, workspace_id: int, user_id: int) -> None:
    """End the keys of somebody who leaves the workspace."""
    theirs = sa.and_(api_keys.c.workspace_id == workspace_id, api_keys.c.user_id == user_id)
    await _end(connection, workspace_id, theirs)


async def find(connection: AsyncConnection, token: str) -> Row | None:
    """The row of a key that is good now, with its workspace's plan and allowed origins, and its owner's role there."""
    table, hashed, now = api_keys, digest(token), sa.func.now()
    former = sa.and_(table.c.former_key_hash == hashed, table.c.former_key_until > now)
    alive = sa.or_(table.c.expires_at.is_(None), table.c.expires_at > now)
    owner = sa.and_(memberships.c.workspace_id == table.c.workspace_id, memberships.c.user_id == table.c.user_id)
    joined = sa.join(table, workspaces, workspaces.c.id == table.c.workspace_id).outerjoin(memberships, owner)
    of_workspace = (workspaces.c.plan, workspaces.c.allowed_origins, memberships.c.role)
    select = sa.select(table, *of_workspace).select_from(joined)
    select = select.where(sa.or_(table.c.key_hash == hashed, former), alive)
    return (await connection.execute(select)).one_or_none()


async def _hold(connection: AsyncConnection, actor: Actor, key_id: str) -> Row:
    """Lock a key; raises NotFound, or Forbidden for a key that may more than the one that calls."""
    row: Row | None = (
        await connection.execute(sa.select(api_keys).where(_mine(actor, key_id)).with_for_update())
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no API key {key_id} in this workspace.")
    check_scopes(actor, row.scopes)
    return row


async def _end(connection: AsyncConnection, workspace_id: int, which: sa.ColumnElement[bool]) -> int:
    rows = (await connection.execute(sa.delete(api_keys).where(which).returning(api_keys))).all()
    await trail.record(connection, workspace_id, *(trail.deleted("api_key.delete", _shown(row)) for row in rows))
    return len(rows)


def _rotated(former: Row, row: Row) -> Change:
    until = {"formerKeyUntil": row.former_key_until.isoformat() if row.former_key_until else None}
    key_id = ids.public(ids.API_KEY, row.id)
    return Change("api_key.rotate", key_id, row.name, {"hint": former.hint}, {"hint": row.hint, **until})


def _shown(row: Row) -> ApiKey:
    return ApiKey(**_fields(row))


def _mine(actor: Actor, key_id: str) -> sa.ColumnElement[bool]:
    number = ids.parse(ids.API_KEY, key_id)
    return sa.and_(api_keys.c.workspace_id == actor.workspace_id, api_keys.c.id == number)


def _fields(row: Row) -> dict[str, Any]:
    return {
        "id": ids.public(ids.API_KEY, row.id),
        "name": row.name,
        "hint": row.hint,
        "user_id": ids.public(ids.USER, row.user_id),
        "scopes": row.scopes,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "last_used_at": row.last_used_at,
    }
