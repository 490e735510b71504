"""How codes of several segments lie to one another: `docs/v2/install` below `docs/v2` and `docs`."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.storage import named_sql
from origin.storage.tables import Row, links
from shared.slug import leading_codes

# Codes below a link that carries paths on: its record at the edge names them all.
MOST_BELOW = 500
_SQL = {name: sa.text(text) for name, text in named_sql.load(Path(__file__).with_name("tree.sql")).items()}


class Place(NamedTuple):
    """Where a link is."""

    domain: str
    key: str

    @property
    def first(self) -> str:
        """The first segment, whatever its case."""
        return self.key.partition("/")[0].lower()

    def above(self) -> list["Place"]:
        """The places that it lies below, the nearest first."""
        return [Place(self.domain, code) for code in leading_codes(self.key)]


class Below(NamedTuple):
    """A code, and whose it is."""

    key: str
    workspace_id: int


async def hold(connection: AsyncConnection, deeper: Iterable[Place], forwarding: Iterable[Place]) -> None:
    """Let nobody make a link that carries paths on above the `deeper` places, nor a code below the `forwarding` ones.

    Held until the end of the transaction; taken before any row is locked. Links that are there already are locked instead.
    """
    alone = {(each.domain, each.first): True for each in forwarding}
    wanted = {**{(each.domain, each.first): False for each in deeper}, **alone}
    for (domain, first), exclusive in sorted(wanted.items()):
        lock = sa.func.pg_advisory_xact_lock if exclusive else sa.func.pg_advisory_xact_lock_shared
        await connection.execute(sa.select(lock(sa.func.hashtextextended(f"below {domain}/{first}", 0))))


async def locked_above(
    connection: AsyncConnection, places: Collection[Place], but: int | None = None
) -> dict[Place, tuple[Row, Row]]:
    """The rows that any of the places lies below, but those of one link; each with its link. They are held."""
    wanted = {above for each in places for above in each.above()}
    if not wanted:
        return {}
    mine = sa.tuple_(links.c.domain, links.c.key).in_(wanted)
    rows = (await connection.execute(sa.select(links).where(mine).order_by(links.c.id).with_for_update())).all()
    rows = [row for row in rows if but not in (row.id, row.alias_of)] if but else list(rows)
    # Read anew: what a link's alias waited for may have changed the link.
    named = sa.select(links).where(links.c.id.in_({row.alias_of or row.id for row in rows}))
    targets = {row.id: row for row in await connection.execute(named)}
    return {Place(row.domain, row.key): (row, targets[row.alias_of or row.id]) for row in rows}


async def place_of(connection: AsyncConnection, link_id: int) -> Place:
    """Where a link is at this moment; nowhere if it is gone."""
    row = (await connection.execute(sa.select(links.c.domain, links.c.key).where(links.c.id == link_id))).one_or_none()
    return Place(row.domain, row.key) if row else Place("", "")


async def alias_places(connection: AsyncConnection, link_id: int) -> list[Place]:
    """Where the further codes of a link are."""
    rows = await connection.execute(sa.select(links.c.domain, links.c.key).where(links.c.alias_of == link_id))
    return [Place(row.domain, row.key) for row in rows]


async def codes_below(connection: AsyncConnection, places: Collection[Place]) -> dict[Place, list[Below]]:
    """Up to MOST_BELOW + 1 codes below each of the places, in byte order; places without any are left out."""
    if not places:
        return {}
    values = {"domains": [each.domain for each in places], "keys": [each.key for each in places]}
    found: dict[Place, list[Below]] = defaultdict(list)
    for row in await connection.execute(_SQL["below"], {**values, "most": MOST_BELOW + 1}):
        found[Place(row.domain, row.above)].append(Below(row.key, row.workspace_id))
    return found


async def longest(connection: AsyncConnection, domain: str, path: str) -> Row | None:
    """What leads on from a path: `key` and `kv_value` of its code, `id` and `workspace_id` of the link.

    A slash at its end says that the rest of it is no code's.
    """
    values = {"domain": domain, "path": path, "keys": [path, *leading_codes(path)]}
    return (await connection.execute(_SQL["longest"], values)).one_or_none()


async def bare(connection: AsyncConnection, domain: str, path: str) -> str:
    """The shortest of a path's leading codes that has no code below it; empty where all have some."""
    values = {"domain": domain, "keys": leading_codes(path)[::-1]}
    return (await connection.execute(_SQL["bare"], values)).scalar_one_or_none() or ""
