"""Invitations: an address, the role to have, and a token that goes there by mail.

Everything that changes them holds the workspace's row first, so they are accepted, revoked and sent again one at a time.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.accounts.access import Actor
from origin.accounts.api_keys import digest
from origin.accounts.mail_tokens import MailTokens
from origin.audit import trail
from origin.problems import Conflict, Forbidden, InviteExpired, NotFound, Unprocessable
from origin.storage.tables import Row, memberships, users, workspaces
from origin.storage.tables import invitations as table
from origin.workspaces import leaving, members
from origin.workspaces.invitation_mails import send_invitation

PURPOSE = "invitation"
LIFETIME = timedelta(days=7)
MOST = 100
# Accepted and expired ones stay for a while, for whoever opens the letter late.
_KEPT = sa.text("interval '30 days'")


class Invitation(msgspec.Struct, rename="camel"):
    """An invitation that nobody has accepted yet; good until `expiresAt`."""

    id: str
    email: str
    role: members.Role
    invited_by: str | None
    created_at: datetime
    expires_at: datetime


class InvitationShown(msgspec.Struct, rename="camel"):
    """What whoever holds a letter is told: where it lets in, as what, and whether its address has an account already."""

    workspace: str
    email: str
    role: members.Role
    invited_by: str | None
    has_account: bool
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Invitations:
    """What can be done with invitations, on the caller's transaction."""

    tokens: MailTokens

    async def create(self, connection: AsyncConnection, actor: Actor, email: str, role: members.Role) -> Invitation:
        """Invite an address; raises Forbidden for a role above one's own, Conflict for who is in or invited already."""
        await _hold(connection, actor, role)
        await _refuse_member(connection, actor.workspace_id, email)
        mine = sa.and_(table.c.workspace_id == actor.workspace_id, table.c.accepted_at.is_(None))
        past = sa.and_(mine, table.c.email == email, table.c.expires_at <= sa.func.now())
        await connection.execute(sa.delete(table).where(past))
        count = sa.select(sa.func.count()).select_from(table).where(mine)
        if (await connection.execute(count)).scalar_one() >= MOST:
            raise Unprocessable(f"email: a workspace has {MOST} invitations at most. Revoke some that nobody answers.")
        nonce, hashed = self.tokens.fresh(PURPOSE)
        statement = insert(table).values(
            workspace_id=actor.workspace_id, email=email, role=role, invited_by=actor.user_id, nonce=nonce,
            token_hash=hashed, expires_at=datetime.now(UTC) + LIFETIME,
        )  # fmt: skip
        row = (await connection.execute(statement.on_conflict_do_nothing().returning(table))).one_or_none()
        if row is None:
            raise Conflict("email: this address is invited already. Send the invitation again instead.")
        await send_invitation(connection, row.id)
        await trail.record(connection, actor.workspace_id, trail.created("invitation.create", shown(row)))
        return shown(row)

    async def resend(self, connection: AsyncConnection, actor: Actor, invitation_id: str) -> Invitation:
        """Send the letter again, good for as long as a new one; raises NotFound or Forbidden."""
        former = await one(connection, actor, invitation_id)
        await _hold(connection, actor, former.role)
        await _refuse_member(connection, actor.workspace_id, former.email)
        update = sa.update(table).where(_is(actor, invitation_id)).values(expires_at=datetime.now(UTC) + LIFETIME)
        row = (await connection.execute(update.returning(table))).one_or_none()
        if row is None:
            raise _unknown(invitation_id)
        await send_invitation(connection, row.id)
        await trail.record(
            connection, actor.workspace_id, trail.updated("invitation.resend", shown(former), shown(row))
        )
        return shown(row)

    async def look(self, connection: AsyncConnection, token: str) -> InvitationShown:
        """What a letter's token is for; raises InviteExpired."""
        row = await _open(connection, token)
        if row.accepted_at is not None:
            raise InviteExpired
        name = sa.select(workspaces.c.name).where(workspaces.c.id == row.workspace_id).scalar_subquery()
        inviter = sa.select(_called(users)).where(users.c.id == row.invited_by).scalar_subquery()
        known = sa.exists().where(users.c.email == row.email)
        found = (
            await connection.execute(sa.select(name.label("name"), inviter.label("by"), known.label("known")))
        ).one()
        return InvitationShown(found.name, row.email, row.role, found.by, found.known, row.expires_at)

    async def accept(self, connection: AsyncConnection, token: str, user_id: int) -> int:
        """Let the user in and give the workspace's number; once more for the same user does nothing.

        Raises InviteExpired, or Forbidden for another than the address that was invited.
        """
        row = await _open(connection, token)
        await leaving.lock(connection, [row.workspace_id])
        row = await _open(connection, token)  # as it is now that nobody else changes it
        if row.accepted_at is not None:
            if row.accepted_by != user_id or await leaving.role_of(connection, row.workspace_id, user_id) is None:
                raise InviteExpired
            return int(row.workspace_id)
        email = (await connection.execute(sa.select(users.c.email).where(users.c.id == user_id))).scalar_one_or_none()
        if email != row.email:
            raise Forbidden(f"This invitation is for {row.email}: log in with that address.")
        await members.add(connection, row.workspace_id, user_id, row.role)
        done = {"accepted_at": sa.func.now(), "accepted_by": user_id}
        await connection.execute(sa.update(table).where(table.c.id == row.id).values(done))
        accepted = trail.deleted("invitation.accept", shown(row))
        await trail.record(connection, row.workspace_id, accepted, by_user=user_id)
        return int(row.workspace_id)

    async def email_of(self, connection: AsyncConnection, token: str) -> str:
        """The address that an open invitation is for; raises InviteExpired."""
        row = await _open(connection, token)
        if row.accepted_at is not None:
            raise InviteExpired
        return str(row.email)


async def of_workspace(connection: AsyncConnection, workspace_id: int) -> list[Invitation]:
    """The invitations that nobody has accepted, the newest first."""
    mine = sa.and_(table.c.workspace_id == workspace_id, table.c.accepted_at.is_(None))
    return [shown(row) for row in await connection.execute(sa.select(table).where(mine).order_by(table.c.id.desc()))]


async def revoke(connection: AsyncConnection, actor: Actor, invitation_id: str) -> None:
    """Make an invitation worth nothing; raises NotFound."""
    await leaving.lock(connection, [actor.workspace_id])
    gone = sa.delete(table).where(_is(actor, invitation_id)).returning(table)
    row = (await connection.execute(gone)).one_or_none()
    if row is None:
        raise _unknown(invitation_id)
    await trail.record(connection, actor.workspace_id, trail.deleted("invitation.revoke", shown(row)))


async def one(connection: AsyncConnection, actor: Actor, invitation_id: str) -> Row:
    """An invitation that nobody has accepted; raises NotFound."""
    row: Row | None = (await connection.execute(sa.select(table).where(_is(actor, invitation_id)))).one_or_none()
    if row is None:
        raise _unknown(invitation_id)
    return row


async def delete_old(connection: AsyncConnection) -> None:
    """Forget invitations that have long expired."""
    await connection.execute(sa.delete(table).where(table.c.expires_at < sa.func.now() - _KEPT))


def shown(row: Row) -> Invitation:
    """An invitation as the API shows it."""
    by = None if row.invited_by is None else ids.public(ids.USER, row.invited_by)
    return Invitation(ids.public(ids.INVITATION, row.id), row.email, row.role, by, row.created_at, row.expires_at)


async def _hold(connection: AsyncConnection, actor: Actor, role: str) -> None:
    """Lock the workspace; raises Forbidden where the actor, as they are now, may not give this role."""
    await leaving.lock(connection, [actor.workspace_id])
    await members.require_reach(connection, actor, role)


async def _refuse_member(connection: AsyncConnection, workspace_id: int, email: str) -> None:
    theirs = sa.select(memberships.c.role).join(users, users.c.id == memberships.c.user_id)
    select = theirs.where(memberships.c.workspace_id == workspace_id, users.c.email == email)
    if (await connection.execute(select)).first() is not None:
        raise Conflict("email: whoever has this address is in the workspace already.")


async def _open(connection: AsyncConnection, token: str) -> Row:
    """The row of a token that has not expired; raises InviteExpired."""
    select = sa.select(table).where(table.c.token_hash == digest(token), table.c.expires_at > sa.func.now())
    row: Row | None = (await connection.execute(select)).one_or_none()
    if row is None:
        raise InviteExpired
    return row


def _is(actor: Actor, invitation_id: str) -> sa.ColumnElement[bool]:
    number = ids.parse(ids.INVITATION, invitation_id)
    return sa.and_(table.c.workspace_id == actor.workspace_id, table.c.id == number, table.c.accepted_at.is_(None))


def _called(user: Any) -> sa.ColumnElement[str]:
    return sa.func.coalesce(sa.func.nullif(user.c.name, ""), user.c.email)


def _unknown(invitation_id: str) -> NotFound:
    return NotFound(f"There is no open invitation {invitation_id} in this workspace.")
