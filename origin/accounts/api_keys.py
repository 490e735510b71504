"""API keys: made once, shown once, kept as a hash."""

import hashlib
import secrets
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.accounts.access import Actor
from origin.problems import NotFound
from origin.storage.tables import Row, api_keys

PREFIX = "nh_"
_HINT_LENGTH = 8


class ApiKey(msgspec.Struct, rename="camel"):
    """A key as it is listed: `hint` is how it begins."""

    id: str
    name: str
    hint: str
    user_id: str
    created_at: datetime
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


async def create(connection: AsyncConnection, actor: Actor, name: str, token: str) -> NewApiKey:
    """Store a key for the actor's workspace, in the actor's name."""
    insert = sa.insert(api_keys).values(
        workspace_id=actor.workspace_id,
        user_id=actor.user_id,
        name=name,
        hint=token[:_HINT_LENGTH],
        key_hash=digest(token),
    )
    row = (await connection.execute(insert.returning(api_keys))).one()
    return NewApiKey(**_fields(row), key=token)


async def of_workspace(connection: AsyncConnection, actor: Actor) -> list[ApiKey]:
    """The workspace's keys, the newest first."""
    select = sa.select(api_keys).where(api_keys.c.workspace_id == actor.workspace_id).order_by(api_keys.c.id.desc())
    return [ApiKey(**_fields(row)) for row in await connection.execute(select)]


async def delete(connection: AsyncConnection, actor: Actor, key_id: str) -> None:
    """End a key at once; raises NotFound."""
    mine = sa.and_(api_keys.c.workspace_id == actor.workspace_id, api_keys.c.id == ids.parse(ids.API_KEY, key_id))
    if (await connection.execute(sa.delete(api_keys).where(mine))).rowcount == 0:
        raise NotFound(f"There is no API key {key_id} in this workspace.")


def _fields(row: Row) -> dict[str, Any]:
    return {
        "id": ids.public(ids.API_KEY, row.id),
        "name": row.name,
        "hint": row.hint,
        "user_id": ids.public(ids.USER, row.user_id),
        "created_at": row.created_at,
        "last_used_at": row.last_used_at,
    }
