"""Messages to kvsync, written on the transaction of the change they tell of.

A row says what KV shall hold for a key; kvsync carries it there. The notification wakes it when the transaction commits.
"""

from collections.abc import Sequence
from importlib.resources import files

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.storage.tables import link_version

# What stops visitors goes before what lets them in: a quarantine first, then links that are closed.
USUAL, CLOSING, QUARANTINE = 0, 1, 2
_SEND = sa.text(files("origin").joinpath("outbox_send.sql").read_text(encoding="utf-8"))


async def send(
    connection: AsyncConnection, changes: Sequence[tuple[str, int, str | None]], priority: int = USUAL
) -> None:
    """Queue (key, version, value) for KV; a value of None deletes the key. kvsync takes higher priorities first."""
    if not changes:
        return
    keys, versions, values = (list(column) for column in zip(*changes, strict=True))
    await connection.execute(_SEND, {"keys": keys, "versions": versions, "values": values, "priority": priority})


async def next_versions(connection: AsyncConnection, count: int) -> list[int]:
    """Versions for keys whose rows this transaction has locked, so that a key's versions grow in the order of its commits."""
    each = sa.select(link_version.next_value()).select_from(sa.func.generate_series(1, count).alias("n"))
    return [int(number) for number in (await connection.execute(each)).scalars()]
