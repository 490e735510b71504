"""Recovery codes: for who has lost their phone. Each is good once; they are kept as hashes, and shown when made."""

import secrets

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.accounts.api_keys import digest
from origin.storage.tables import recovery_codes as table

COUNT = 10
# Without what is easily taken for something else. 16 of these are 79 bits, too many to try against a stolen hash.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 4


async def renew(connection: AsyncConnection, user_id: int) -> list[str]:
    """New codes; the former ones are worth nothing."""
    await remove(connection, user_id)
    codes = [_new() for _ in range(COUNT)]
    rows = [{"user_id": user_id, "code_hash": _hash(user_id, code)} for code in codes]
    await connection.execute(sa.insert(table), rows)
    return codes


async def use(connection: AsyncConnection, user_id: int, code: str) -> bool:
    """Whether it is one of the user's codes, which is then used up."""
    this = sa.and_(table.c.user_id == user_id, table.c.code_hash == _hash(user_id, code))
    return bool((await connection.execute(sa.delete(table).where(this))).rowcount)


async def left(connection: AsyncConnection, user_id: int) -> int:
    """How many codes there are to use."""
    count = sa.select(sa.func.count()).select_from(table).where(table.c.user_id == user_id)
    return int((await connection.execute(count)).scalar_one())


async def remove(connection: AsyncConnection, user_id: int) -> None:
    """Forget a user's codes."""
    await connection.execute(sa.delete(table).where(table.c.user_id == user_id))


def _new() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))


def _hash(user_id: int, code: str) -> bytes:
    """Typed with or without the dashes, in capitals or not; of no use for another account."""
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return digest(f"{user_id}:{plain}")
