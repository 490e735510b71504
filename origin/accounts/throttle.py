"""Slows down guessing: tries are counted in Postgres, per account and per address, for all processes together.

A try is counted before it is judged, so that a thousand at once are not a thousand free ones. An account is named by the
address that was typed, whether it exists or not.
"""

import hashlib
import ipaddress
import math
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.requests import Request

from origin.problems import TooManyRequests
from origin.storage import named_sql

_SQL = {name: sa.text(query) for name, query in named_sql.load(Path(__file__).with_name("throttle.sql")).items()}
_FORGET_SECONDS = 3600.0
_IPV6_NETWORK = 64  # what one household or host is given

SLOWED = Counter("nearhop_tries_slowed_total", "Tries that were told to wait, by what they were about.", ["what"])


@dataclass(frozen=True, slots=True)
class Rule:
    """`free` tries an hour cost nothing; each one more doubles the wait, up to `most` seconds."""

    what: str
    free: int
    most: float = 900.0


LOGIN = Rule("login", free=5)
LOGIN_FROM = Rule("login-from", free=50)
SECOND_FACTOR = Rule("second-factor", free=5)
BEGIN_FROM = Rule("begin-from", free=200)  # log-ins that are only begun: each makes a row
LETTER = Rule("letter", free=3, most=3600.0)
LETTERS_FROM = Rule("letters-from", free=20, most=3600.0)
TOKEN_FROM = Rule("token-from", free=20)
INVITATION = Rule("invitation", free=5, most=3600.0)
INVITATIONS_OF = Rule("invitations-of", free=200, most=3600.0)


class Throttle:
    """Counts tries."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def account(self, rule: Rule, email: str) -> None:
        """Count a try on an account; raises TooManyRequests."""
        await self._take(rule, email.strip().lower())

    async def address(self, rule: Rule, request: Request) -> None:
        """Count a try from the caller's network; raises TooManyRequests."""
        network = network_of(request)
        if network is not None:
            await self._take(rule, network)

    async def second_factor(self, user_id: int) -> None:
        """Count a try at a user's second factor; raises TooManyRequests."""
        await self._take(SECOND_FACTOR, str(user_id))

    async def forgive_second_factor(self, user_id: int) -> None:
        """It was right."""
        await self.forgive(SECOND_FACTOR, str(user_id))

    async def forgive(self, rule: Rule, email: str) -> None:
        """The account's owner has been recognized: what was tried before does not count."""
        async with self._engine.begin() as connection:
            await connection.execute(_SQL["clear"], {"key": _key(rule, email.strip().lower())})

    async def _take(self, rule: Rule, name: str) -> None:
        key = _key(rule, name)
        values = {"key": key, "free": rule.free, "most": rule.most, "forget": _FORGET_SECONDS}
        async with self._engine.begin() as connection:
            if (await connection.execute(_SQL["take"], values)).first() is not None:
                return
            left = (await connection.execute(_SQL["wait"], {"key": key})).scalar_one_or_none()
        SLOWED.labels(rule.what).inc()
        seconds = max(1, math.ceil(left or 0))
        raise TooManyRequests(f"Too many tries: wait {seconds} s.", headers={"Retry-After": str(seconds)})


async def delete_expired(connection: AsyncConnection) -> None:
    """Forget tries that don't count any more."""
    await connection.execute(_SQL["sweep"], {"forget": _FORGET_SECONDS})


def network_of(request: Request) -> str | None:
    """The caller's address, or its /64; None for this machine: that is the dashboard, which names its own callers."""
    try:
        address = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return None
    if address.is_loopback:
        return None
    if address.version == 6:  # noqa: PLR2004  # of the Internet Protocol
        return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
    return str(address)


def _key(rule: Rule, name: str) -> bytes:
    return hashlib.blake2b(f"{rule.what}\n{name}".encode(), digest_size=16).digest()
