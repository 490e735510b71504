"""The letters about accounts, each a job. Only here, after the answer, is it looked up whether an account exists."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from origin.accounts import mail_tokens, service
from origin.accounts.mail_tokens import MailTokens
from origin.accounts.notices import NEW_PASSWORD, NOTICES, REMEDIES
from origin.jobs.queue import enqueue
from origin.jobs.worker import Task
from origin.mail import letters
from origin.mail.post import Post
from origin.storage.tables import Row, users

SEND_TOKEN = "accounts.send_token"  # noqa: S105  # the name of a task
TELL_OF_CHANGE = "accounts.tell_of_change"

_PATHS = {
    mail_tokens.REGISTER: "/verify-email",
    mail_tokens.CHANGE_EMAIL: "/confirm-email",
    mail_tokens.RESET: "/reset-password",
}


@dataclass(frozen=True, slots=True)
class AccountMails:
    """Writes and posts letters."""

    engine: AsyncEngine
    tokens: MailTokens
    post: Post
    dashboard_url: str

    def tasks(self) -> dict[str, Task]:
        """What the worker runs, by name."""
        return {SEND_TOKEN: self.send_token, TELL_OF_CHANGE: self.tell_of_change}

    async def send_token(self, token_id: int) -> None:
        """Send the token of a row. Whoever has an account already is told so instead; whoever has none hears nothing."""
        async with self.engine.connect() as connection:
            row = await mail_tokens.open_row(connection, token_id)
            known = row is not None and await _is_user(connection, row.email)
        if row is None:
            return
        if row.purpose == mail_tokens.RESET:
            if known:
                await self.post.send(self._letter(row))
        elif known:
            await self.post.send(letters.write("account_exists", row.email, link=f"{self.dashboard_url}/login"))
        else:
            await self.post.send(self._letter(row))

    async def tell_of_change(self, email: str, what: str) -> None:
        """Tell an account's owner of a change that they may not have made; `what` is a notice or a template."""
        page, remedy, button = REMEDIES.get(what, NEW_PASSWORD)
        link = f"{self.dashboard_url}{page}"
        if what in NOTICES:
            title, text = NOTICES[what]
            values = {"title": title, "text": text, "remedy": remedy, "action": button}
            await self.post.send(letters.write("notice", email, link=link, **values))
        else:
            await self.post.send(letters.write(what, email, link=link))

    def _letter(self, row: Row) -> letters.Letter:
        token = self.tokens.text(row.purpose, row.nonce)
        # Behind the #, where no server and no log sees it.
        link = f"{self.dashboard_url}{_PATHS[row.purpose]}#{token}"
        return letters.write(row.purpose, row.email, link=link)


async def send_token(connection: AsyncConnection, token_id: int) -> None:
    """Queue the letter of a token."""
    await enqueue(connection, SEND_TOKEN, token_id=token_id)


async def tell_of_change(connection: AsyncConnection, email: str, what: str) -> None:
    """Queue a notice to an account's owner."""
    await enqueue(connection, TELL_OF_CHANGE, email=email, what=what)


async def tell_user_of_change(connection: AsyncConnection, user_id: int, what: str) -> None:
    """The same, to the user of this number; the audit logs of their workspaces say it as well, as `user.passkey_added`."""
    select = sa.select(users.c.email).where(users.c.id == user_id)
    await tell_of_change(connection, (await connection.execute(select)).scalar_one(), what)
    await service.note(connection, user_id, f"user.{what}")


async def _is_user(connection: AsyncConnection, email: str) -> bool:
    return (await connection.execute(sa.select(users.c.id).where(users.c.email == email))).first() is not None
