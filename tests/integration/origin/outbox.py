"""What the outbox says, for the tests."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.storage.tables import outbox


async def rows(engine: AsyncEngine, key: str) -> list[tuple[int, str | None]]:
    """(version, value) of each message about a KV key, in the order of the versions."""
    select = sa.select(outbox.c.version, outbox.c.value).where(outbox.c.key == key).order_by(outbox.c.version)
    async with engine.connect() as connection:
        return [(row.version, row.value) for row in await connection.execute(select)]


async def latest(engine: AsyncEngine, key: str) -> str | None:
    """What KV shall hold in the end; None for nothing."""
    return (await rows(engine, key))[-1][1]
