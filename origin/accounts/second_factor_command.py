"""`python -m origin second-factor off ADDRESS`: for who has lost the phone and the recovery codes.

It is for whoever runs the installation, who has made sure otherwise that it is the account's owner who asks.
"""

import asyncio
import sys

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.accounts import factors, mails, sessions, totp
from origin.settings import OriginSettings
from origin.startup import CannotStart
from origin.storage.engine import make_engine
from origin.storage.tables import users

_USAGE = "python -m origin second-factor off ADDRESS   switch the second factor of this account off\n"
_ARGUMENTS = 2


def main(arguments: list[str], settings: OriginSettings) -> int:
    """0 when it is off, 1 where there was none, 2 for arguments that say nothing; raises CannotStart."""
    if len(arguments) != _ARGUMENTS or arguments[0] != "off":
        sys.stderr.write(_USAGE)
        return 2
    try:
        done = asyncio.run(_run(settings.postgres_url, arguments[1]))
    except SQLAlchemyError as error:
        raise CannotStart(f"Postgres does not answer: {error}") from error
    sys.stdout.write(
        f"{'Switched off. A letter says so.' if done else 'There is no account with a second factor here.'}\n"
    )
    return 0 if done else 1


async def switch_off(engine: AsyncEngine, email: str) -> bool:
    """Whether there was a second factor to switch off. Every session of the account ends, and its owner is told."""
    async with engine.begin() as connection:
        select = sa.select(users.c.id).where(users.c.email == email.strip().lower())
        user_id = (await connection.execute(select)).scalar_one_or_none()
        if user_id is None or await totp.find(connection, user_id) is None:
            return False
        await factors.remove(connection, user_id)
        await sessions.end_all(connection, user_id)
        await mails.tell_user_of_change(connection, user_id, "second_factor_off")
        return True


async def _run(database_url: str, email: str) -> bool:
    engine = make_engine(database_url, pool_size=1)
    try:
        return await switch_off(engine, email)
    finally:
        await engine.dispose()
