"""The owner of a local installation, made on its first start, and the file that says how to log in as them.

The file is written before the database commits. If the start is killed between the two, the next one finds a file whose
owner does not exist and makes them with what the file says; so both always agree in the end.
"""

import secrets
from pathlib import Path

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from origin import ids
from origin.accounts import api_keys, service
from origin.accounts.access import Actor
from origin.accounts.passwords import Passwords
from origin.storage.tables import memberships, users
from origin.workspaces import service as workspaces
from shared.home import CREDENTIALS_FILE, write_private

EMAIL = "owner@localhost"
_WORKSPACE = "local"
# One start at a time; any number that no other user of the database takes.
_ADVISORY_LOCK = 7_236_471_093


class Credentials(msgspec.Struct):
    """What credentials.json holds."""

    email: str
    password: str
    api_key: str
    workspace_id: str


async def ensure(engine: AsyncEngine, home: Path, passwords: Passwords) -> Credentials:
    """The credentials of the local owner, who exists when this returns.

    Where the owner is there and only the file is gone, they get a new password and a new API key: whoever may write
    into the home may read the database in it as well.
    """
    path = home / CREDENTIALS_FILE
    async with engine.begin() as connection:
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
        user_id = (await connection.execute(sa.select(users.c.id).where(users.c.email == EMAIL))).scalar_one_or_none()
        found = _read(path)
        if user_id is not None and found is not None:
            return found
        made = found or Credentials(EMAIL, secrets.token_urlsafe(12), api_keys.new_token(), "")
        hashed = await passwords.hash(made.password)
        if user_id is None:
            actor = await _add_owner(connection, hashed)
        else:
            actor = await _renew_owner(connection, user_id, hashed)
        await api_keys.create(connection, actor, "local", made.api_key)
        made.workspace_id = ids.public(ids.WORKSPACE, actor.workspace_id)
        write_private(path, msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n")
    return made


async def _add_owner(connection: AsyncConnection, password_hash: str) -> Actor:
    user_id = await service.add(connection, EMAIL, "Owner", password_hash)
    slug = workspaces.slug_for(_WORKSPACE)
    workspace = await workspaces.create(connection, user_id, "Local", slug)
    workspace_id = ids.parse(ids.WORKSPACE, workspace.id)
    assert workspace_id is not None
    return Actor(user_id, workspace_id, "owner")


async def _renew_owner(connection: AsyncConnection, user_id: int, password_hash: str) -> Actor:
    await connection.execute(sa.update(users).where(users.c.id == user_id).values(password_hash=password_hash))
    first = sa.select(memberships.c.workspace_id).where(memberships.c.user_id == user_id)
    workspace_id = (await connection.execute(first.order_by(memberships.c.workspace_id).limit(1))).scalar_one()
    return Actor(user_id, workspace_id, "owner")


def _read(path: Path) -> Credentials | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Credentials)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
