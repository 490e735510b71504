"""Writing links. Whatever changes what KV shall hold goes to the outbox on the same transaction."""

from collections.abc import Collection, Sequence
from importlib.resources import files
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import outbox
from origin.links import tree
from origin.links.options import Records, urgency
from origin.links.redirects import forwards_paths
from origin.links.tree import MOST_BELOW, Place
from origin.storage.tables import Row, links
from shared.kv_record import kv_key

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


async def seal(connection: AsyncConnection, records: Records, changed: Sequence[Row], *, new: bool = False) -> None:
    """Give new or changed links, and the aliases of each, their next version, store their KV record and queue it.

    Called after the links' rows are locked by a write, never before: only then are versions handed out in the order in
    which the writes of one key commit.
    """
    if not changed:
        return
    # A new link has no aliases.
    await publish(
        connection, records, [(row, row) for row in changed] if new else await _with_aliases(connection, changed)
    )


async def publish(connection: AsyncConnection, records: Records, rows: Sequence[tuple[Row, Row]]) -> None:
    """Store and queue the record of each row's key, made of the link beside it: the row itself, or what it is an alias of."""
    if not rows:
        return
    below = await _below(connection, rows)
    versions = await outbox.next_versions(connection, len(rows))
    pairs = list(zip(rows, versions, strict=True))
    values = [records.render(link, version, below.get(row.id)) for (row, link), version in pairs]
    await connection.execute(_SEAL, {"ids": [row.id for row, _ in rows], "versions": versions, "values": values})
    queued = [
        (kv_key(row.domain, row.key), version, value) for ((row, _), version), value in zip(pairs, values, strict=True)
    ]
    await outbox.send(connection, queued, max((urgency(link) for _, link in rows), default=outbox.USUAL))


async def _below(connection: AsyncConnection, rows: Sequence[tuple[Row, Row]]) -> dict[int, list[str] | bool]:
    """By the row's number: how the codes below a link that carries paths on go on from its own; true for too many of them."""
    places = {Place(row.domain, row.key): row.id for row, link in rows if forwards_paths(link.redirect)}
    codes = await tree.codes_below(connection, places)
    return {
        places[place]: len(found) > MOST_BELOW or [each.key.removeprefix(f"{place.key}/") for each in found]
        for place, found in codes.items()
    }


async def _with_aliases(connection: AsyncConnection, changed: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Each row that has a key, with the link that its record is made of."""
    found = {row.id: row for row in changed}
    select = sa.select(links).where(links.c.alias_of.in_(found)).order_by(links.c.id).with_for_update()
    aliases = (await connection.execute(select)).all()
    return [*((row, row) for row in changed), *((alias, found[alias.alias_of]) for alias in aliases)]


async def unpublish(connection: AsyncConnection, places: Sequence[tuple[str, str]]) -> None:
    """Queue the deletion of keys (domain, key) whose rows this transaction has deleted or moved away."""
    versions = await outbox.next_versions(connection, len(places))
    await outbox.send(connection, [(kv_key(*place), each, None) for place, each in zip(places, versions, strict=True)])


async def lock(connection: AsyncConnection, workspace_id: int, link_ids: Collection[int]) -> list[Row]:
    """The rows of those links that the workspace has, held until the end of the transaction; in one order for all."""
    mine = sa.and_(links.c.workspace_id == workspace_id, links.c.id.in_(link_ids), links.c.alias_of.is_(None))
    return list((await connection.execute(sa.select(links).where(mine).order_by(links.c.id).with_for_update())).all())


async def update(connection: AsyncConnection, link_id: int, values: dict[str, Any]) -> Row:
    """Change a locked link; raises IntegrityError where its new key or external id is taken."""
    counted = {"updated_at": sa.func.now(), "revision": links.c.revision + 1}
    statement = sa.update(links).where(links.c.id == link_id).values({**values, **counted})
    updated: Row = (await connection.execute(statement.returning(links))).one()
    return updated


async def delete(connection: AsyncConnection, link_ids: Collection[int]) -> list[tuple[str, str]]:
    """Delete locked links and their aliases, at the edge as well; gives where they were (domain, key)."""
    places: list[tuple[str, str]] = []
    for gone in (
        links.c.alias_of.in_(link_ids),
        links.c.id.in_(link_ids),
    ):  # what the foreign key deletes is not returned
        deleted = await connection.execute(sa.delete(links).where(gone).returning(links.c.domain, links.c.key))
        places += [(row.domain, row.key) for row in deleted]
    await unpublish(connection, places)
    return places


async def lock_url(connection: AsyncConnection, workspace_id: int, url: str) -> None:
    """Hold a URL of a workspace, which may have no link yet, until the end of the transaction."""
    text = f"upsert {workspace_id} {url}"
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(text, 0))))
