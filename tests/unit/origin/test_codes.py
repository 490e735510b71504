"""Codes from blocks of numbers."""

import asyncio
from typing import Any

from origin.links.codes import BLOCK, Codes
from shared.slug import ALPHABET


class Connection:
    """Hands out the numbers of blocks, as the sequence does."""

    def __init__(self) -> None:
        self.blocks = 0

    async def execute(self, statement: Any) -> "Connection":
        await asyncio.sleep(0)  # let others in, as a database does
        return self

    def scalar_one(self) -> int:
        self.blocks += 1
        return self.blocks - 1


async def test_the_database_is_asked_once_a_block_and_no_code_comes_twice() -> None:
    connection: Any = Connection()
    codes = Codes("secret")
    made = await asyncio.gather(*(codes.next(connection) for _ in range(BLOCK + 1)))
    assert len(set(made)) == BLOCK + 1
    assert connection.blocks == 2


async def test_processes_with_other_blocks_make_other_codes() -> None:
    connection: Any = Connection()
    one, two = Codes("secret"), Codes("secret")
    made = [await codes.next(connection) for _ in range(50) for codes in (one, two)]
    assert len(set(made)) == 100


async def test_a_code_of_another_length_asks_nobody() -> None:
    connection: Any = Connection()
    code = await Codes("secret").next(connection, 12)
    assert len(code) == 12
    assert set(code) <= set(ALPHABET)
    assert connection.blocks == 0
