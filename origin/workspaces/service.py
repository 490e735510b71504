"""Workspaces: what links, keys and domains belong to, and who is in them."""

import re
import secrets
from datetime import datetime
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.accounts.access import Actor, permissions_of
from origin.audit import trail
from origin.domains import service as domains
from origin.etags import ANY, Expected
from origin.links.defaults import LinkDefaults
from origin.problems import Conflict, Unprocessable
from origin.storage.tables import Row, memberships, workspaces
from origin.storage.tables import domains as domain_table

# Its default domain is the one domain of its own that is primary.
_primary = (
    sa.select(domain_table.c.slug)
    .where(domain_table.c.workspace_id == workspaces.c.id, domain_table.c.is_primary)
    .scalar_subquery()
)
_SELECT = sa.select(workspaces, _primary.label("default_domain"))
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?")
# check_slug says what is wrong with one.
Slug = Annotated[str, Meta(extra_json_schema={"pattern": f"^{_SLUG.pattern}$"})]
SlugOrNone = Annotated[str, Meta(extra_json_schema={"pattern": f"^({_SLUG.pattern})?$"})]


class Workspace(msgspec.Struct, rename="camel"):
    """A workspace, with the role that the caller has in it, and what that role may.

    Browsers may call the API from its `allowedOrigins`. Links that name no domain are made on `defaultDomain`, one of its
    own, or where that is null on the one that all workspaces share.
    """

    id: str
    slug: str
    name: str
    plan: str
    role: str
    permissions: list[str]
    created_at: datetime
    allowed_origins: list[str]
    default_domain: str | None
    link_defaults: LinkDefaults


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
    statement = insert(workspaces).values(slug=slug, name=name).on_conflict_do_nothing().returning(workspaces.c.id)
    number = (await connection.execute(statement)).scalar_one_or_none()
    if number is None:
        raise Conflict(f"slug: {slug!r} is taken by another workspace. Choose another one.")
    await connection.execute(insert(memberships).values(workspace_id=number, user_id=user_id, role="owner"))
    row = await _row(connection, number)
    await trail.record(connection, number, trail.created("workspace.create", _settings(row)), by_user=user_id)
    return _workspace(row, "owner")


async def of_user(connection: AsyncConnection, user_id: int) -> list[Workspace]:
    """The workspaces that a user is in, the oldest first: the first is the one that calls are about by default."""
    mine = memberships.c.workspace_id == workspaces.c.id
    select = _SELECT.add_columns(memberships.c.role).join(memberships, mine)
    rows = await connection.execute(select.where(memberships.c.user_id == user_id).order_by(workspaces.c.id))
    return [_workspace(row, row.role) for row in rows]


async def get(connection: AsyncConnection, actor: Actor) -> tuple[Workspace, int]:
    """The actor's workspace, and the number of its last edit."""
    row = await _row(connection, actor.workspace_id)
    return _workspace(row, actor.role), row.revision


async def change(
    connection: AsyncConnection, actor: Actor, values: dict[str, Any], expected: Expected = ANY
) -> tuple[Workspace, int]:
    """Change the actor's workspace; raises PreconditionFailed, Unprocessable, or Conflict where the slug is taken."""
    hold = sa.select(workspaces.c.id).where(workspaces.c.id == actor.workspace_id).with_for_update(key_share=True)
    await connection.execute(hold)
    former = await _row(connection, actor.workspace_id)
    expected.check(former.revision, "workspace")
    changed = {name: value for name, value in values.items() if value != getattr(former, name)}
    if not changed:
        return _workspace(former, actor.role), former.revision
    if "default_domain" in changed:
        await domains.set_primary(connection, actor.workspace_id, changed.pop("default_domain"))
    update = sa.update(workspaces).where(workspaces.c.id == actor.workspace_id)
    try:
        async with connection.begin_nested():
            await connection.execute(update.values({**changed, "revision": workspaces.c.revision + 1}))
    except sa.exc.IntegrityError as error:
        raise Conflict(f"slug: {values['slug']!r} is taken by another workspace. Choose another one.") from error
    row = await _row(connection, actor.workspace_id)
    note = trail.updated("workspace.update", _settings(former), _settings(row))
    await trail.record(connection, actor.workspace_id, note)
    return _workspace(row, actor.role), row.revision


async def _row(connection: AsyncConnection, workspace_id: int) -> Row:
    row: Row = (await connection.execute(_SELECT.where(workspaces.c.id == workspace_id))).one()
    return row


def _settings(row: Row) -> dict[str, Any]:
    """What the audit log says of a workspace."""
    return {
        "id": ids.public(ids.WORKSPACE, row.id), "name": row.name, "slug": row.slug,
        "allowedOrigins": row.allowed_origins, "defaultDomain": row.default_domain, "linkDefaults": row.link_defaults,
    }  # fmt: skip


def _workspace(row: Row, role: str) -> Workspace:
    return Workspace(
        id=ids.public(ids.WORKSPACE, row.id),
        slug=row.slug,
        name=row.name,
        plan=row.plan,
        role=role,
        permissions=permissions_of(role),
        created_at=row.created_at,
        allowed_origins=row.allowed_origins,
        default_domain=row.default_domain,
        link_defaults=msgspec.convert(row.link_defaults or {}, LinkDefaults),
    )
