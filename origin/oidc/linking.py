"""Whose account an identity opens. The rules are written down in docs/access.md."""

from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.accounts import mails, service
from origin.accounts.registration import open_account
from origin.oidc.providers import Provider
from origin.oidc.sign_in import Identity
from origin.problems import Conflict, Forbidden, NotFound, Unprocessable
from origin.storage.tables import Row, users
from origin.storage.tables import identities as table


class LinkedIdentity(msgspec.Struct, rename="camel"):
    """A provider's identity that opens the account."""

    id: str
    issuer: str
    email: str
    created_at: datetime
    last_used_at: datetime


async def user_of(connection: AsyncConnection, provider: Provider, who: Identity) -> int:
    """The user's number: of the account that is linked, of one that gets linked, or of a new one.

    Raises Forbidden for an address that nobody vouches for, Conflict for an account that another identity of this
    provider opens.
    """
    known = await _use(connection, who)
    if known is not None:
        return known
    email = _checked(provider, who)
    select = sa.select(users.c.id).where(users.c.email == email).with_for_update()
    user_id = (await connection.execute(select)).scalar_one_or_none()
    if user_id is None:
        user_id = await open_account(connection, email, who.name, None)
    else:
        await _refuse_second(connection, provider, user_id)
        await mails.tell_user_of_change(connection, user_id, "identity_linked")
    values = {"user_id": user_id, "issuer": who.issuer, "subject": who.subject, "email": email}
    await connection.execute(sa.insert(table).values(values))
    return int(user_id)


async def of_user(connection: AsyncConnection, user_id: int) -> list[LinkedIdentity]:
    """A user's identities, the oldest first."""
    select = sa.select(table).where(table.c.user_id == user_id).order_by(table.c.id)
    return [
        LinkedIdentity(ids.public(ids.IDENTITY, row.id), row.issuer, row.email, row.created_at, row.last_used_at)
        for row in await connection.execute(select)
    ]


async def unlink(connection: AsyncConnection, user_id: int, identity_id: str) -> None:
    """The identity opens the account no more; raises NotFound."""
    mine = sa.and_(table.c.user_id == user_id, table.c.id == ids.parse(ids.IDENTITY, identity_id))
    if (await connection.execute(sa.delete(table).where(mine))).rowcount == 0:
        raise NotFound(f"You have no linked identity {identity_id}.")


async def _use(connection: AsyncConnection, who: Identity) -> int | None:
    this = sa.and_(table.c.issuer == who.issuer, table.c.subject == who.subject)
    update = sa.update(table).where(this).values(last_used_at=sa.func.now()).returning(table.c.user_id)
    row: Row | None = (await connection.execute(update)).one_or_none()
    return None if row is None else int(row.user_id)


def _checked(provider: Provider, who: Identity) -> str:
    if not who.email_verified or not provider.vouches_for(who.email):
        raise Forbidden(
            f"{provider.name} does not vouch for your e-mail address: verify it there, or log in otherwise."
        )
    try:
        return service.normalize_email(who.email)
    except Unprocessable as error:
        raise Forbidden(f"{provider.name} gave an e-mail address that is none.") from error


async def _refuse_second(connection: AsyncConnection, provider: Provider, user_id: int) -> None:
    """An address may be given to somebody else at the provider: the account stays with who had it."""
    mine = sa.and_(table.c.user_id == user_id, table.c.issuer == provider.issuer)
    if (await connection.execute(sa.select(table.c.id).where(mine))).first() is not None:
        raise Conflict(f"Another account of {provider.name} opens the account with this address. Log in otherwise.")
