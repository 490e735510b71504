"""Proving oneself again before a change that could take an account over: a session that was left open is not enough."""

from datetime import timedelta

import sqlalchemy as sa
from starlette.requests import Request

from origin.accounts import sessions, throttle
from origin.accounts.access import Caller
from origin.accounts.parts import AccountParts
from origin.problems import Forbidden
from origin.storage.tables import users

# Who has no password has just logged in otherwise.
_FRESH = timedelta(minutes=10)


async def prove(parts: AccountParts, request: Request, caller: Caller, password: str) -> None:
    """Raises Forbidden for a wrong password, or an old session of who has none; TooManyRequests for too many tries."""
    async with request.app.state.engine.connect() as connection:
        select = sa.select(users.c.email, users.c.password_hash).where(users.c.id == caller.user_id)
        row = (await connection.execute(select)).one()
        fresh = await sessions.is_younger(connection, caller.session, _FRESH)
    if row.password_hash is None:
        if not fresh:
            raise Forbidden("You have no password: log in once more, and do this within ten minutes.")
        return
    await parts.throttle.account(throttle.LOGIN, row.email)
    if not await parts.passwords.matches(row.password_hash, password):
        raise Forbidden("password: it is wrong.")
    await parts.throttle.forgive(throttle.LOGIN, row.email)
