"""The letter of an invitation, as a job."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from origin.accounts.mail_tokens import MailTokens
from origin.jobs.queue import enqueue
from origin.jobs.worker import Task
from origin.mail import letters
from origin.mail.post import Post
from origin.storage.tables import invitations, users, workspaces

SEND = "workspaces.send_invitation"
PATH = "/invitation"


@dataclass(frozen=True, slots=True)
class InvitationMails:
    """Writes and posts the letters."""

    engine: AsyncEngine
    tokens: MailTokens
    post: Post
    dashboard_url: str

    def tasks(self) -> dict[str, Task]:
        """What the worker runs, by name."""
        return {SEND: self.send}

    async def send(self, invitation_id: int) -> None:
        """Send the letter, unless the invitation was accepted or revoked meanwhile."""
        table = invitations.c
        good = sa.and_(table.id == invitation_id, table.accepted_at.is_(None), table.expires_at > sa.func.now())
        inviter = sa.func.coalesce(sa.func.nullif(users.c.name, ""), users.c.email).label("inviter")
        joined = (
            sa.select(invitations, workspaces.c.name.label("workspace"), inviter)
            .join(workspaces, workspaces.c.id == table.workspace_id)
            .outerjoin(users, users.c.id == table.invited_by)
        )
        async with self.engine.connect() as connection:
            row = (await connection.execute(joined.where(good))).one_or_none()
        if row is None:
            return
        # Behind the #, where no server and no log sees it.
        link = f"{self.dashboard_url}{PATH}#{self.tokens.text('invitation', row.nonce)}"
        values = {"workspace": row.workspace, "inviter": row.inviter or "Somebody", "role": row.role}
        await self.post.send(letters.write("invitation", row.email, link=link, **values))


async def send_invitation(connection: AsyncConnection, invitation_id: int) -> None:
    """Queue the letter."""
    await enqueue(connection, SEND, invitation_id=invitation_id)
