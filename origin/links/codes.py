"""New codes. Each process takes numbers in blocks from a Postgres sequence, so that no two processes make the same code."""

import asyncio
import secrets

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.storage.tables import code_block
from shared import slug

BLOCK = 1000


class Codes:
    """Makes codes that can't be guessed in order."""

    def __init__(self, secret_key: str) -> None:
        self._secret = secret_key
        self._numbers = iter(range(0))
        self._lock = asyncio.Lock()

    async def next(self, connection: AsyncConnection, length: int = slug.DEFAULT_CODE_LENGTH) -> str:
        """A code that no other call gets. One of another length than usual is random, and may be taken."""
        if length != slug.DEFAULT_CODE_LENGTH:
            return "".join(secrets.choice(slug.ALPHABET) for _ in range(length))
        async with self._lock:
            number = next(self._numbers, None)
            if number is None:
                block = (await connection.execute(sa.select(code_block.next_value()))).scalar_one()
                self._numbers = iter(range(block * BLOCK + 1, (block + 1) * BLOCK))
                number = block * BLOCK
        return slug.generate(number, self._secret)
