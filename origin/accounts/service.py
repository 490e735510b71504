"""Users: how they come to be, and how they prove who they are."""

import re
from typing import Annotated

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from origin import ids
from origin.accounts.passwords import Passwords
from origin.audit import trail
from origin.problems import Conflict, Unauthorized, Unprocessable
from origin.storage.tables import Row, users

_PART = r'[^\s@<>"(),:;\\\[\]\x00-\x1f\x7f-\x9f]'
_EMAIL = re.compile(rf"{_PART}{{1,64}}@{_PART}{{1,189}}")
# An address that is to be written to. normalize_email checks it, in better words than a pattern has.
Email = Annotated[str, Meta(extra_json_schema={"pattern": f"^{_EMAIL.pattern}$"})]


class User(msgspec.Struct, rename="camel"):
    """A user as they see themselves."""

    id: str
    email: str
    name: str


def normalize_email(email: str) -> str:
    """An address in lower case; raises Unprocessable for what can't be one."""
    stripped = email.strip()
    if not _EMAIL.fullmatch(stripped):
        raise Unprocessable(f"email: {email[:100]!r} is not an e-mail address.")
    return stripped.lower()


async def add(connection: AsyncConnection, email: str, name: str, password_hash: str | None) -> int:
    """Store a new user and give their number; raises Conflict where the address is taken."""
    statement = insert(users).values(email=email, name=name, password_hash=password_hash)
    added = await connection.execute(statement.on_conflict_do_nothing().returning(users.c.id))
    user_id = added.scalar_one_or_none()
    if user_id is None:
        raise Conflict("email: there is an account with this address already. Log in instead.")
    return int(user_id)


async def set_email(connection: AsyncConnection, user_id: int, email: str) -> None:
    """Give a user another address; raises Conflict where it is taken."""
    try:
        async with connection.begin_nested():
            await connection.execute(sa.update(users).where(users.c.id == user_id).values(email=email))
    except sa.exc.IntegrityError as error:
        raise Conflict("email: there is an account with this address already.") from error


async def check_password(engine: AsyncEngine, passwords: Passwords, email: str, password: str) -> int:
    """The number of the user who has this address and password; raises Unauthorized, the same for both mistakes."""
    select = sa.select(users.c.id, users.c.password_hash).where(users.c.email == email.strip().lower())
    async with engine.connect() as connection:  # given back before the slow part
        row = (await connection.execute(select)).one_or_none()
    # Somebody without a password is taken for nobody, in the same time.
    if not await passwords.matches(row.password_hash if row else None, password) or row is None:
        raise Unauthorized("The e-mail address or the password is wrong.")
    if passwords.is_outdated(row.password_hash):
        await _hash_anew(engine, passwords, row, password)
    return int(row.id)


async def _hash_anew(engine: AsyncEngine, passwords: Passwords, row: Row, password: str) -> None:
    """Only now is the password at hand. One that was changed meanwhile stays as it is."""
    same = sa.and_(users.c.id == row.id, users.c.password_hash == row.password_hash)
    values = {"password_hash": await passwords.hash(password)}
    async with engine.begin() as connection:
        await connection.execute(sa.update(users).where(same).values(values))


async def get(connection: AsyncConnection, user_id: int) -> User:
    """A user; raises Unauthorized for one who has been deleted since the token was made."""
    row = (await connection.execute(sa.select(users).where(users.c.id == user_id))).one_or_none()
    if row is None:
        raise Unauthorized("This account no longer exists.")
    return User(ids.public(ids.USER, row.id), row.email, row.name)


async def note(connection: AsyncConnection, user_id: int, action: str) -> None:
    """Write into the log of each of a user's workspaces that they changed how they log in, such as `user.password_changed`."""
    user = await get(connection, user_id)
    await trail.record_of_user(connection, user_id, trail.Change(action, user.id, user.email))
