"""Tokens that are sent by mail: good for one use and a short time.

A token is made of a random nonce and the installation's key. So the job that writes the letter makes it again from the
row, no queue ever holds one, and a copy of the database alone lets nobody in.
"""

import base64
import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.accounts.api_keys import digest
from origin.problems import Unprocessable
from origin.storage.tables import Row, mail_tokens, users

REGISTER = "register"
CHANGE_EMAIL = "change_email"
RESET = "reset"
LIFETIMES = {REGISTER: timedelta(hours=24), CHANGE_EMAIL: timedelta(hours=24), RESET: timedelta(hours=1)}
# Rows stay a little longer than they are good for, for whoever looks into what happened.
_KEPT = sa.text("interval '7 days'")


class MailTokens:
    """Makes, remakes and uses tokens."""

    def __init__(self, secret_key: str) -> None:
        self._key = hashlib.blake2b(secret_key.encode(), digest_size=32, person=b"mail tokens").digest()

    def text(self, purpose: str, nonce: bytes) -> str:
        """The token of a row."""
        made = hashlib.blake2b(nonce, key=self._key, digest_size=32, person=purpose.encode()[:16]).digest()
        return base64.urlsafe_b64encode(made).decode().rstrip("=")

    def fresh(self, purpose: str) -> tuple[bytes, bytes]:
        """A new token's nonce, and the hash it is found by."""
        nonce = secrets.token_bytes(16)
        return nonce, digest(self.text(purpose, nonce))

    async def add(
        self,
        connection: AsyncConnection,
        purpose: str,
        email: str,
        *,
        user_id: int | None = None,
        payload: dict[str, Any] | None = None,
    ) -> int:
        """Store a new token and give its row's number, for the job that sends it."""
        nonce, hashed = self.fresh(purpose)
        statement = sa.insert(mail_tokens).values(
            purpose=purpose,
            email=email,
            user_id=user_id,
            payload=payload,
            nonce=nonce,
            token_hash=hashed,
            expires_at=datetime.now(UTC) + LIFETIMES[purpose],
        )
        return int((await connection.execute(statement.returning(mail_tokens.c.id))).scalar_one())

    async def use(self, connection: AsyncConnection, purpose: str, token: str) -> Row:
        """The row of a token, which is worth nothing afterwards; raises Unprocessable."""
        table = mail_tokens
        good = sa.and_(
            table.c.token_hash == digest(token),
            table.c.purpose == purpose,
            table.c.used_at.is_(None),
            table.c.expires_at > sa.func.now(),
        )
        await _hold(connection, digest(token))
        update = sa.update(table).where(good).values(used_at=sa.func.now()).returning(table)
        row: Row | None = (await connection.execute(update)).one_or_none()
        if row is None:
            raise Unprocessable("token: it is not valid, or no longer. Ask for a new letter.")
        if row.payload is not None:
            await connection.execute(sa.update(table).where(table.c.id == row.id).values(payload=None))
        return row


async def _hold(connection: AsyncConnection, token_hash: bytes) -> None:
    """Lock the account, then all of an address's tokens, in one order: uses that revoke each other's don't deadlock."""
    table = mail_tokens
    select = sa.select(table.c.purpose, table.c.email, table.c.user_id).where(table.c.token_hash == token_hash)
    this = (await connection.execute(select)).one_or_none()
    if this is None:
        return
    whose = sa.or_(users.c.id == this.user_id, users.c.email == this.email)
    accounts = sa.select(users.c.id).where(whose).order_by(users.c.id)
    await connection.execute(accounts.with_for_update(key_share=True))
    alike = sa.select(table.c.id).where(table.c.purpose == this.purpose, table.c.email == this.email)
    await connection.execute(alike.order_by(table.c.id).with_for_update(of=table))


async def open_row(connection: AsyncConnection, token_id: int) -> Row | None:
    """The row of a token that can still be used."""
    table = mail_tokens
    good = sa.and_(table.c.id == token_id, table.c.used_at.is_(None), table.c.expires_at > sa.func.now())
    return (await connection.execute(sa.select(table).where(good))).one_or_none()


async def revoke(connection: AsyncConnection, purpose: str, email: str) -> None:
    """Make every open token of an address worthless."""
    table = mail_tokens
    mine = sa.and_(table.c.purpose == purpose, table.c.email == email, table.c.used_at.is_(None))
    await connection.execute(sa.update(table).where(mine).values(used_at=sa.func.now()))


async def revoke_of_user(connection: AsyncConnection, purpose: str, user_id: int) -> None:
    """Make every open token that a user asked for worthless, to whatever address it went."""
    table = mail_tokens
    mine = sa.and_(table.c.user_id == user_id, table.c.purpose == purpose, table.c.used_at.is_(None))
    await connection.execute(sa.update(table).where(mine).values(used_at=sa.func.now()))


async def delete_expired(connection: AsyncConnection) -> None:
    """Forget old rows."""
    await connection.execute(sa.delete(mail_tokens).where(mail_tokens.c.expires_at < sa.func.now() - _KEPT))
