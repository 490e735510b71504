"""Writing links. Whatever changes what KV shall hold goes to the outbox on the same transaction."""

from importlib.resources import files
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import outbox
from origin.links import options
from origin.storage.tables import Row, links
from shared.kv_record import KvRecord, encode, kv_key

_SEAL = sa.text(files("origin.links").joinpath("seal.sql").read_text(encoding="utf-8"))


async def insert_free(connection: AsyncConnection, rows: list[dict[str, Any]]) -> dict[tuple[str, str], Row]:
    """Insert the links whose key and external id are free; gives those, by domain and key.

    Every row has the same columns. They get no version yet: `seal` comes next.
    """
    statement = insert(links).on_conflict_do_nothing().returning(links)
    # In one order for all, so that two transactions with the same keys don't each wait for the other.
    ordered = sorted(rows, key=lambda row: (row["domain"], row["key"]))
    inserted = await connection.execute(statement, [{**row, "version": 0, "kv_value": ""} for row in ordered])
    return {(row.domain, row.key): row for row in inserted}


async def taken(connection: AsyncConnection, keys: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the (domain, key) pairs that have a link."""
    select = sa.select(links.c.domain, links.c.key).where(sa.tuple_(links.c.domain, links.c.key).in_(keys))
    return {(row.domain, row.key) for row in await connection.execute(select)}


async def seal(connection: AsyncConnection, workspace_id: int, changed: list[Row]) -> None:
    """Give changed links their next version, store their KV record and queue it.

    Called after the links' rows are locked by a write, never before: only then are versions handed out in the order in
    which the writes of one key commit.
    """
    if not changed:
        return
    versions = await outbox.next_versions(connection, len(changed))
    pairs = list(zip(changed, versions, strict=True))
    values = [encode(KvRecord(row.id, workspace_id, version, row.url, options.of(row))) for row, version in pairs]
    await connection.execute(_SEAL, {"ids": [row.id for row in changed], "versions": versions, "values": values})
    queued = [
        (kv_key(row.domain, row.key), version, value) for (row, version), value in zip(pairs, values, strict=True)
    ]
    await outbox.send(connection, queued)


async def unpublish(connection: AsyncConnection, domain: str, key: str) -> None:
    """Queue the deletion of a key whose row this transaction has deleted or moved away."""
    (version,) = await outbox.next_versions(connection, 1)
    await outbox.send(connection, [(kv_key(domain, key), version, None)])


async def lock(connection: AsyncConnection, workspace_id: int, link_id: int) -> Row | None:
    """The link's row, held until the end of the transaction."""
    select = sa.select(links).where(links.c.id == link_id, links.c.workspace_id == workspace_id).with_for_update()
    return (await connection.execute(select)).one_or_none()


async def update(connection: AsyncConnection, link_id: int, values: dict[str, Any]) -> Row:
    """Change a locked link; raises IntegrityError where its new key or external id is taken."""
    statement = sa.update(links).where(links.c.id == link_id).values(**values, updated_at=sa.func.now())
    updated: Row = (await connection.execute(statement.returning(links))).one()
    return updated


async def delete(connection: AsyncConnection, link_id: int) -> None:
    """Delete a locked link."""
    await connection.execute(sa.delete(links).where(links.c.id == link_id))


async def lock_url(connection: AsyncConnection, workspace_id: int, url: str) -> None:
    """Hold a URL of a workspace, which may have no link yet, until the end of the transaction."""
    text = f"upsert {workspace_id} {url}"
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(text, 0))))
