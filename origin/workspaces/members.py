"""Who is in a workspace, as what. While the workspace's row is held, its members change one call at a time."""

from datetime import datetime
from typing import Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.accounts import api_keys
from origin.accounts.access import Actor, reaches
from origin.audit import trail
from origin.problems import Conflict, Forbidden, NotFound
from origin.storage.tables import memberships, users
from origin.workspaces import leaving

Role = Literal["owner", "admin", "member", "viewer"]


class Member(msgspec.Struct, rename="camel"):
    """Somebody in a workspace."""

    user_id: str
    email: str
    name: str
    role: Role
    joined_at: datetime


async def of_workspace(connection: AsyncConnection, workspace_id: int) -> list[Member]:
    """The workspace's members, the longest there first."""
    select = sa.select(users.c.id, users.c.email, users.c.name, memberships.c.role, memberships.c.created_at)
    mine = select.join(memberships, memberships.c.user_id == users.c.id).where(_of(workspace_id))
    rows = await connection.execute(mine.order_by(memberships.c.created_at, users.c.id))
    return [Member(ids.public(ids.USER, row.id), row.email, row.name, row.role, row.created_at) for row in rows]


async def change(connection: AsyncConnection, actor: Actor, user_id: int | None, role: Role) -> None:
    """Give a member another role; raises NotFound, Forbidden, or Conflict where the last owner would go."""
    former = await _hold(connection, actor, user_id)
    assert user_id is not None
    if "owner" in {former, role}:
        await _require_owner(connection, actor)
    if former == "owner" and role != "owner":
        await _require_other_owner(connection, actor.workspace_id, user_id)
    await _give(connection, actor.workspace_id, user_id, former, role)


async def remove(connection: AsyncConnection, actor: Actor, user_id: int | None) -> None:
    """Take a member out, with their API keys and open invitations; raises as `change` does. Everybody may go themselves."""
    former = await _hold(connection, actor, user_id)
    assert user_id is not None
    if former == "owner" and user_id != actor.user_id:
        await _require_owner(connection, actor)
    if former == "owner":
        await _require_other_owner(connection, actor.workspace_id, user_id)
    await connection.execute(sa.delete(memberships).where(_is(actor.workspace_id, user_id)))
    action = "member.leave" if user_id == actor.user_id else "member.remove"
    gone = trail.deleted(action, await leaving.state_of(connection, user_id, former))
    await trail.record(connection, actor.workspace_id, gone)
    await api_keys.delete_of_member(connection, actor.workspace_id, user_id)
    await leaving.withdraw_invitations(connection, actor.workspace_id, user_id)


async def transfer(connection: AsyncConnection, actor: Actor, user_id: int | None) -> None:
    """Make another member the owner in the caller's place, who stays as an admin."""
    former = await _hold(connection, actor, user_id)
    if user_id == actor.user_id:
        raise Conflict("userId: you are an owner already. Name another member.")
    await _require_owner(connection, actor)
    assert user_id is not None
    await _give(connection, actor.workspace_id, user_id, former, "owner")
    await _give(connection, actor.workspace_id, actor.user_id, "owner", "admin")


async def add(connection: AsyncConnection, workspace_id: int, user_id: int, role: str) -> None:
    """Let somebody in; who is in already keeps their role."""
    values = {"workspace_id": workspace_id, "user_id": user_id, "role": role}
    added = insert(memberships).values(values).on_conflict_do_nothing().returning(memberships.c.role)
    if (await connection.execute(added)).first() is not None:
        state = await leaving.state_of(connection, user_id, role)
        await trail.record(connection, workspace_id, trail.created("member.join", state), by_user=user_id)


async def _give(connection: AsyncConnection, workspace_id: int, user_id: int, former: str, role: str) -> None:
    await connection.execute(sa.update(memberships).where(_is(workspace_id, user_id)).values(role=role))
    state = await leaving.state_of(connection, user_id, role)
    await trail.record(connection, workspace_id, trail.updated("member.update", {**state, "role": former}, state))
    await leaving.withdraw_invitations(connection, workspace_id, user_id, role)


async def _hold(connection: AsyncConnection, actor: Actor, user_id: int | None) -> str:
    """Lock the workspace and give the member's role; raises NotFound."""
    await leaving.lock(connection, [actor.workspace_id])
    role = await leaving.role_of(connection, actor.workspace_id, user_id) if user_id is not None else None
    if role is None:
        raise NotFound("There is no such member in this workspace.")
    if user_id != actor.user_id:
        mine = await leaving.role_of(connection, actor.workspace_id, actor.user_id)
        if mine is None or not reaches(mine, "admin"):  # as it is now: it may have changed since the call came in
            raise Forbidden
    return role


async def require_reach(connection: AsyncConnection, actor: Actor, role: str) -> None:
    """Raises Forbidden where the actor, by their role of now, may not give this one. The workspace is locked."""
    mine = await leaving.role_of(connection, actor.workspace_id, actor.user_id)
    if mine is None or not reaches(mine, "admin"):
        raise Forbidden
    if not reaches(mine, role):
        raise Forbidden("Only an owner makes owners, and changes them.")


async def _require_owner(connection: AsyncConnection, actor: Actor) -> None:
    if await leaving.role_of(connection, actor.workspace_id, actor.user_id) != "owner":
        raise Forbidden("Only an owner makes owners, and changes them.")


async def _require_other_owner(connection: AsyncConnection, workspace_id: int, user_id: int) -> None:
    others = sa.and_(_of(workspace_id), memberships.c.role == "owner", memberships.c.user_id != user_id)
    if (await connection.execute(sa.select(memberships.c.user_id).where(others).limit(1))).first() is None:
        raise Conflict("A workspace keeps an owner: make somebody else one first.")


def _of(workspace_id: int) -> sa.ColumnElement[bool]:
    return memberships.c.workspace_id == workspace_id


def _is(workspace_id: int, user_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(_of(workspace_id), memberships.c.user_id == user_id)
