"""Workspaces: what links, keys and domains belong to, and who is in them."""

import re
import secrets
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.accounts.access import Actor
from origin.problems import Conflict, Unprocessable
from origin.storage.tables import Row, memberships, workspaces

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?")


class Workspace(msgspec.Struct, rename="camel"):
    """A workspace, with the role that the caller has in it."""

    id: str
    slug: str
    name: str
    plan: str
    role: str
    created_at: datetime


def slug_for(name: str) -> str:
    """A slug made of a name, with a random end so that it is free."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:36].strip("-")
    return f"{words or 'workspace'}-{secrets.token_hex(3)}"


def check_slug(slug: str) -> str:
    """The slug itself; raises Unprocessable with the rule."""
    if not _SLUG.fullmatch(slug):
        raise Unprocessable("slug: it has 1 to 48 of a-z, 0-9 and '-', and does not begin or end with '-'.")
    return slug


async def create(connection: AsyncConnection, user_id: int, name: str, slug: str) -> Workspace:
    """A new workspace that the user owns; raises Conflict where the slug is taken."""
    statement = insert(workspaces).values(slug=slug, name=name).on_conflict_do_nothing().returning(workspaces)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise Conflict(f"slug: {slug!r} is taken by another workspace. Choose another one.")
    await connection.execute(insert(memberships).values(workspace_id=row.id, user_id=user_id, role="owner"))
    return _workspace(row, "owner")


async def of_user(connection: AsyncConnection, user_id: int) -> list[Workspace]:
    """The workspaces that a user is in, the oldest first: the first is the one that calls are about by default."""
    mine = memberships.c.workspace_id == workspaces.c.id
    select = sa.select(workspaces, memberships.c.role).join(memberships, mine)
    rows = await connection.execute(select.where(memberships.c.user_id == user_id).order_by(workspaces.c.id))
    return [_workspace(row, row.role) for row in rows]


async def get(connection: AsyncConnection, actor: Actor) -> Workspace:
    """The actor's workspace."""
    select = sa.select(workspaces).where(workspaces.c.id == actor.workspace_id)
    return _workspace((await connection.execute(select)).one(), actor.role)


async def change(connection: AsyncConnection, actor: Actor, values: dict[str, str]) -> None:
    """Give the actor's workspace another name or slug; raises Conflict where the slug is taken."""
    if not values:
        return
    try:
        async with connection.begin_nested():
            update = sa.update(workspaces).where(workspaces.c.id == actor.workspace_id).values(values)
            await connection.execute(update)
    except sa.exc.IntegrityError as error:
        raise Conflict(f"slug: {values['slug']!r} is taken by another workspace. Choose another one.") from error


def _workspace(row: Row, role: str) -> Workspace:
    return Workspace(ids.public(ids.WORKSPACE, row.id), row.slug, row.name, row.plan, role, row.created_at)
