"""Which links a question is about: named one by one, or by what they are sorted into, as they are now."""

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.accounts.access import Actor
from origin.analytics.dimensions import Filter
from origin.analytics.model import ClickQuery
from origin.links import finder
from origin.links.model import InfoQuery
from origin.problems import Unprocessable
from origin.storage.tables import link_tags, links

MOST_NAMED = 100
MOST_LINKS = 100_000
# Parameter: the column that it looks at, and the prefix of ids that it takes.
_SORTED: dict[str, tuple[sa.Column[Any], str]] = {
    "folder_id": (links.c.folder_id, ids.FOLDER),
    "tenant_id": (links.c.tenant_id, ""),
    "partner_id": (links.c.partner_id, ""),
    "program_id": (links.c.program_id, ""),
}


class LinkFilter(NamedTuple):
    """Clicks of these links, or of none of them: a filter like Filter, with numbers."""

    values: tuple[int, ...]
    exclude: bool
    key: str = ""
    column: str = "link_id"

    def clause(self, number: int) -> str:
        """The condition in SQL; the values are bound under this number."""
        return f"AND link_id {'NOT IN' if self.exclude else 'IN'} {{values{number}:Array(UInt64)}}"


def names_links(query: ClickQuery) -> bool:
    """Whether a query is about some links only."""
    return any(getattr(query, name) for name in ("key", "external_id", "link_id", "tag_id", "tag_ids", *_SORTED))


async def links_of(
    connection: AsyncConnection, actor: Actor, query: ClickQuery
) -> tuple[tuple[int, ...] | None, list[LinkFilter]]:
    """The links that are asked about (None: all), and filters where links are excluded. Raises NotFound."""
    named, filters = await _named(connection, actor, query)
    for found, exclude in await _sorted(connection, actor.workspace_id, query):
        if exclude:
            filters.append(LinkFilter(found, exclude=True))
        else:
            named = found if named is None else tuple(set(named) & set(found))
    return named, filters


async def _named(
    connection: AsyncConnection, actor: Actor, query: ClickQuery
) -> tuple[tuple[int, ...] | None, list[LinkFilter]]:
    if query.key and not query.domain:
        raise Unprocessable("key: it needs `domain` beside it.")
    if query.external_id or query.key:
        wanted = InfoQuery(domain=query.domain, key=query.key, external_id=query.external_id or None)
        return (await finder.by_info(connection, actor.workspace_id, wanted),), []
    if not query.link_id:
        return None, []
    names = Filter.parse("link_id", query.link_id)
    if not 1 <= len(names.values) <= MOST_NAMED:
        raise Unprocessable(f"linkId: name 1 to {MOST_NAMED} links.")
    found = [await finder.by_public_id(connection, actor.workspace_id, name) for name in names.values]
    return (None, [LinkFilter(tuple(found), exclude=True)]) if names.exclude else (tuple(found), [])


async def _sorted(
    connection: AsyncConnection, workspace_id: int, query: ClickQuery
) -> list[tuple[tuple[int, ...], bool]]:
    """For each parameter that is there: the links that it fits, and whether they are left out."""
    found = []
    mine = sa.select(links.c.id).where(links.c.workspace_id == workspace_id)
    for name, (column, prefix) in _SORTED.items():
        if text := getattr(query, name):
            wanted = _parse(name, text)
            select = mine.where(column.in_(_numbers(prefix, wanted) if prefix else wanted.values))
            found.append((await _few(connection, name, select), wanted.exclude))
    if text := query.tag_id or query.tag_ids:
        wanted = _parse("tag_id", text)
        tagged = sa.select(link_tags.c.link_id).where(link_tags.c.tag_id.in_(_numbers(ids.TAG, wanted)))
        found.append((await _few(connection, "tag_id", mine.where(links.c.id.in_(tagged))), wanted.exclude))
    return found


def _parse(name: str, text: str) -> Filter:
    wanted = Filter.parse(name, text)
    if not wanted.values:
        raise Unprocessable(f"{_wire(name)}: it names no value.")
    return wanted


def _numbers(prefix: str, wanted: Filter) -> list[int]:
    return [number for each in wanted.values if (number := ids.parse(prefix, each)) is not None]


async def _few(connection: AsyncConnection, name: str, select: "sa.Select[Any]") -> tuple[int, ...]:
    numbers = tuple((await connection.execute(select.limit(MOST_LINKS + 1))).scalars())
    if len(numbers) > MOST_LINKS:
        raise Unprocessable(f"{_wire(name)}: more than {MOST_LINKS} links fit; name fewer.")
    return numbers


def _wire(name: str) -> str:
    first, _, second = name.partition("_")
    return first + second.capitalize()
