"""Proving oneself again before a change that could take an account over: a session that was left open is not enough."""

from datetime import timedelta

import sqlalchemy as sa
from starlette.requests import Request

from origin.accounts import factors, sessions, throttle
from origin.accounts.access import Caller
from origin.accounts.parts import AccountParts
from origin.problems import Forbidden
from origin.storage.tables import users
from origin.storage.transaction import transaction

# Who has no password has just logged in otherwise.
_FRESH = timedelta(minutes=10)


async def prove(parts: AccountParts, request: Request, caller: Caller, password: str, field: str = "password") -> None:
    """Raises Forbidden for a wrong password, which came in `field`, or for an old session of who has none.

    TooManyRequests for too many tries.
    """
    async with transaction(request) as connection:
        select = sa.select(users.c.email, users.c.password_hash).where(users.c.id == caller.user_id)
        row = (await connection.execute(select)).one()
        fresh = await sessions.is_younger(connection, caller.session, _FRESH)
    if row.password_hash is None:
        if not fresh:
            raise Forbidden("You have no password: log in once more, and do this within ten minutes.")
        return
    await parts.throttle.account(throttle.LOGIN, row.email)
    if not await parts.passwords.matches(row.password_hash, password):
        raise Forbidden(f"{field}: it is wrong.")
    await parts.throttle.forgive(throttle.LOGIN, row.email)


async def prove_second(parts: AccountParts, request: Request, caller: Caller, code: str) -> None:
    """Raises Forbidden for a wrong code of who has a second factor, TooManyRequests for too many of them."""
    async with transaction(request) as connection:
        if not await factors.methods(connection, caller.user_id):
            return
    await parts.throttle.second_factor(caller.user_id)
    async with parts.apart.begin() as connection:  # the code is used up, whatever comes of this call
        if await factors.use(parts.totp, connection, caller.user_id, code) is None:
            raise Forbidden("code: it is wrong, or was used before.")
    await parts.throttle.forgive_second_factor(caller.user_id)
