"""What the endpoints of accounts need, put together once."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from origin.accounts.access_tokens import AccessTokens
from origin.accounts.door import Door
from origin.accounts.mail_tokens import MailTokens
from origin.accounts.passwords import Passwords
from origin.accounts.throttle import Throttle


@dataclass(frozen=True, slots=True)
class AccountParts:
    """Passwords, tokens, and the throttle on guessing them."""

    passwords: Passwords
    door: Door
    mail_tokens: MailTokens
    throttle: Throttle


def account_parts(engine: AsyncEngine, secret_key: str, tokens: AccessTokens, passwords: Passwords) -> AccountParts:
    """The parts of an installation with this secret key."""
    return AccountParts(passwords, Door(tokens), MailTokens(secret_key), Throttle(engine))
