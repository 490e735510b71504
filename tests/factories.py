"""Rows that tests of origin need before they can begin."""

import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from origin import ids
from origin.accounts import api_keys, service
from origin.accounts.access import Actor
from origin.domains.service import ensure_shared
from origin.storage.tables import domains, memberships
from origin.workspaces import service as workspaces


@dataclass(frozen=True, slots=True)
class Account:
    """A user with a workspace of their own and an API key for it."""

    email: str
    actor: Actor
    api_key: str

    @property
    def workspace_id(self) -> str:
        return ids.public(ids.WORKSPACE, self.actor.workspace_id)


async def new_account(engine: AsyncEngine, *, default_domain: str = "localhost") -> Account:
    """An account that nobody else has. Its password hash fits no password, since hashing is slow."""
    email = f"{secrets.token_hex(6)}@example.com"
    token = api_keys.new_token()
    async with engine.begin() as connection:
        await ensure_shared(connection, default_domain)
        user_id = await service.add(connection, email, "", "no hash")
        workspace = await workspaces.create(connection, user_id, "Test", f"test-{secrets.token_hex(8)}")
        workspace_id = ids.parse(ids.WORKSPACE, workspace.id)
        assert workspace_id is not None
        actor = Actor(user_id, workspace_id, "owner")
        await api_keys.create(connection, actor, "test", token)
    return Account(email, actor, token)


async def new_member(engine: AsyncEngine, workspace_id: int, role: str) -> Account:
    """An account whose key is for another's workspace, where it has this role."""
    own = await new_account(engine)
    token = api_keys.new_token()
    actor = Actor(own.actor.user_id, workspace_id, role)
    async with engine.begin() as connection:
        await connection.execute(
            insert(memberships).values(workspace_id=workspace_id, user_id=actor.user_id, role=role)
        )
        await api_keys.create(connection, actor, "test", token)
    return Account(own.email, actor, token)


async def new_domain(engine: AsyncEngine, workspace_id: int, *, primary: bool = False) -> str:
    """A domain of this workspace."""
    slug = f"{secrets.token_hex(4)}.example.org"
    async with engine.begin() as connection:
        await connection.execute(
            insert(domains).values(slug=slug, workspace_id=workspace_id, is_primary=primary, verified_at=sa.func.now())
        )
    return slug
