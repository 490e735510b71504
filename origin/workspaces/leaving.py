"""What happens to workspaces when somebody goes: each has an owner as long as anybody is in it."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.accounts import api_keys
from origin.accounts.access import ROLES, reaches
from origin.audit import trail
from origin.problems import Conflict
from origin.storage.tables import invitations, memberships, users, workspaces
from origin.workspaces import removal


async def lock(connection: AsyncConnection, workspace_ids: list[int]) -> None:
    """Hold the workspaces, in one order, so that their members change one at a time."""
    select = sa.select(workspaces.c.id).where(workspaces.c.id.in_(workspace_ids)).order_by(workspaces.c.id)
    await connection.execute(select.with_for_update())


async def leave_all(connection: AsyncConnection, user_id: int) -> None:
    """Take a user out of all workspaces and delete those that they were alone in.

    Raises Conflict where others would be left without an owner.
    """
    mine = sa.select(memberships.c.workspace_id).where(memberships.c.user_id == user_id)
    workspace_ids = list((await connection.execute(mine)).scalars())
    await lock(connection, workspace_ids)
    for workspace_id in workspace_ids:
        others = await _roles_of_others(connection, workspace_id, user_id)
        if not others:
            await removal.delete(connection, workspace_id)
            continue
        role = await role_of(connection, workspace_id, user_id)
        if "owner" not in others and role == "owner":
            name = sa.select(workspaces.c.name).where(workspaces.c.id == workspace_id)
            text = (await connection.execute(name)).scalar_one()
            raise Conflict(f"You are the last owner of the workspace {text!r}: make somebody else its owner first.")
        me = sa.and_(memberships.c.workspace_id == workspace_id, memberships.c.user_id == user_id)
        await connection.execute(sa.delete(memberships).where(me))
        state = await state_of(connection, user_id, str(role))
        await trail.record(connection, workspace_id, trail.deleted("member.leave", state))
        await api_keys.delete_of_member(connection, workspace_id, user_id)
        await withdraw_invitations(connection, workspace_id, user_id)


async def withdraw_invitations(
    connection: AsyncConnection, workspace_id: int, user_id: int, role: str | None = None
) -> None:
    """Delete the open invitations that somebody could not make any more, by the role that they have now: a None is out."""
    mine = sa.and_(
        invitations.c.workspace_id == workspace_id,
        invitations.c.invited_by == user_id,
        invitations.c.accepted_at.is_(None),
    )
    too_high = [each for each in ROLES if role is None or not reaches(role, "admin") or not reaches(role, each)]
    gone = sa.delete(invitations).where(mine, invitations.c.role.in_(too_high)).returning(invitations)
    for row in await connection.execute(gone):
        state = {"id": ids.public(ids.INVITATION, row.id), "email": row.email, "role": row.role}
        await trail.record(connection, workspace_id, trail.deleted("invitation.revoke", state))


async def state_of(connection: AsyncConnection, user_id: int, role: str) -> dict[str, str]:
    """What the audit log says of a member."""
    email = (await connection.execute(sa.select(users.c.email).where(users.c.id == user_id))).scalar_one()
    return {"id": ids.public(ids.USER, user_id), "email": email, "role": role}


async def role_of(connection: AsyncConnection, workspace_id: int, user_id: int) -> str | None:
    """A member's role; None for who is not in the workspace."""
    me = sa.and_(memberships.c.workspace_id == workspace_id, memberships.c.user_id == user_id)
    return (await connection.execute(sa.select(memberships.c.role).where(me))).scalar_one_or_none()


async def _roles_of_others(connection: AsyncConnection, workspace_id: int, user_id: int) -> set[str]:
    others = sa.and_(memberships.c.workspace_id == workspace_id, memberships.c.user_id != user_id)
    return set((await connection.execute(sa.select(memberships.c.role).where(others))).scalars())
