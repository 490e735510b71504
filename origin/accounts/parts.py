"""What the endpoints of accounts need, put together once."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from origin.accounts.access_tokens import AccessTokens
from origin.accounts.door import Door
from origin.accounts.mail_tokens import MailTokens
from origin.accounts.passkeys import Passkeys
from origin.accounts.passwords import Passwords
from origin.accounts.relying_party import relying_party
from origin.accounts.secret_box import SecretBox
from origin.accounts.throttle import Throttle
from origin.accounts.totp import Totp


@dataclass(frozen=True, slots=True)
class AccountParts:
    """Passwords, tokens, and the throttle on guessing them.

    `apart` has few connections, for what stays even where the call's own transaction is rolled back: tries, spent challenges
    and codes. A call that holds a connection waits for one of these at most, never for one that another such call holds.
    """

    apart: AsyncEngine
    passwords: Passwords
    door: Door
    mail_tokens: MailTokens
    throttle: Throttle
    totp: Totp
    passkeys: Passkeys


def account_parts(
    apart: AsyncEngine,
    secret_key: str,
    tokens: AccessTokens,
    passwords: Passwords,
    dashboard_url: str,
    clock: Callable[[], float] = time.time,
) -> AccountParts:
    """The parts of an installation with this secret key. `clock` gives Unix seconds."""
    return AccountParts(
        apart=apart,
        passwords=passwords,
        door=Door(tokens),
        mail_tokens=MailTokens(secret_key),
        throttle=Throttle(apart),
        totp=Totp(SecretBox(secret_key, "totp secrets"), clock),
        passkeys=Passkeys(relying_party(dashboard_url)),
    )
