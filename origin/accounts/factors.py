"""The second factor as a whole: whether a user has one, and whether what they type is right."""

from sqlalchemy.ext.asyncio import AsyncConnection

from origin.accounts import passkeys, recovery_codes, totp
from origin.accounts.totp import DIGITS, Totp

TOTP = "totp"
RECOVERY_CODE = "recoveryCode"
PASSKEY = "passkey"


async def methods(connection: AsyncConnection, user_id: int) -> list[str]:
    """How a user can show their second factor; empty where they have not switched it on."""
    if await totp.find(connection, user_id) is None:
        return []
    by_code = [TOTP, *([RECOVERY_CODE] if await recovery_codes.left(connection, user_id) else [])]
    return [*by_code, *([PASSKEY] if await passkeys.exist(connection, user_id) else [])]


async def use(app: Totp, connection: AsyncConnection, user_id: int, code: str) -> str | None:
    """Which of the two a code was, which is used up then; None for a wrong one."""
    typed = "".join(code.split())
    if typed.isascii() and typed.isdigit() and len(typed) == DIGITS:
        return TOTP if await app.use(connection, user_id, typed) else None
    return RECOVERY_CODE if await recovery_codes.use(connection, user_id, typed) else None


async def remove(connection: AsyncConnection, user_id: int) -> None:
    """Switch the second factor off, with all that belongs to it."""
    await totp.remove(connection, user_id)
    await recovery_codes.remove(connection, user_id)
