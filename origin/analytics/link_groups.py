"""Links beside their numbers, and numbers by what links are sorted into, their tags and folders, as they are now."""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.analytics.numbers import NOTHING, Numbers
from origin.storage.tables import Row, folders, link_tags, links, tags

# Of a workspace with more links that were clicked, the ones with fewest clicks are left out.
MOST_LINKS = 100_000
Found = list[tuple[dict[str, Any], Numbers]]
_SHOWN = [
    links.c[name]
    for name in ("id", "domain", "key", "url", "title", "comments", "folder_id", "partner_id", "created_at")
]


async def links_of(connection: AsyncConnection, workspace_id: int, numbers: list[int]) -> list[Row]:
    """Links with what `shown` needs, in this order; those that are gone are left out."""
    mine = sa.and_(links.c.workspace_id == workspace_id, links.c.alias_of.is_(None), links.c.id.in_(numbers))
    found = {row.id: row for row in await connection.execute(sa.select(*_SHOWN).where(mine))}
    return [found[each] for each in numbers if each in found]


def shown(link: Row, short_link: str) -> dict[str, Any]:
    """A link in a row of top_links."""
    number = ids.public(ids.LINK, link.id)
    return {
        "id": number,
        "link": number,
        "domain": link.domain,
        "key": link.key,
        "shortLink": short_link,
        "url": link.url,
        "title": link.title,
        "comments": link.comments,
        "folderId": None if link.folder_id is None else ids.public(ids.FOLDER, link.folder_id),
        "partnerId": link.partner_id,
        "createdAt": link.created_at,
    }


async def by_tag(
    connection: AsyncConnection, workspace_id: int, counted: list[tuple[int, Numbers]], limit: int
) -> Found:
    """The tags with the most. A link with two tags counts for both."""
    of = sa.select(link_tags.c.link_id, link_tags.c.tag_id).where(link_tags.c.link_id == sa.func.any(_numbers(counted)))
    sums = _sums(counted, (await connection.execute(of)).all())
    known = sa.select(tags).where(tags.c.workspace_id == workspace_id, tags.c.id.in_(sums))
    found = []
    for each in await connection.execute(known):
        tag_id = ids.public(ids.TAG, each.id)
        shown = {"tagId": tag_id, "tag": {"id": tag_id, "name": each.name, "color": each.color}}
        found.append((each.id, shown, sums[each.id]))
    return _most(found, limit)


async def by_folder(
    connection: AsyncConnection, workspace_id: int, counted: list[tuple[int, Numbers]], limit: int
) -> Found:
    """The folders with the most. Links in no folder count for none."""
    mine = sa.and_(links.c.workspace_id == workspace_id, links.c.folder_id.isnot(None))
    of = sa.select(links.c.id, links.c.folder_id).where(mine, links.c.id == sa.func.any(_numbers(counted)))
    sums = _sums(counted, (await connection.execute(of)).all())
    known = sa.select(folders).where(folders.c.workspace_id == workspace_id, folders.c.id.in_(sums))
    found = []
    for each in await connection.execute(known):
        folder_id = ids.public(ids.FOLDER, each.id)
        folder = {"id": folder_id, "name": each.name, "accessLevel": each.access_level}
        found.append((each.id, {"folderId": folder_id, "folder": folder}, sums[each.id]))
    return _most(found, limit)


GROUPS = {"top_link_tags": by_tag, "top_folders": by_folder}


def _numbers(counted: list[tuple[int, Numbers]]) -> sa.BindParameter[Any]:
    return sa.bindparam("numbers", [number for number, _ in counted], type_=sa.ARRAY(sa.BigInteger))


def _sums(counted: list[tuple[int, Numbers]], pairs: Any) -> dict[int, Numbers]:
    by_link = dict(counted)
    sums: defaultdict[int, Numbers] = defaultdict(lambda: NOTHING)
    for link, group in pairs:
        sums[group] = sums[group].plus(by_link[link])
    return sums


def _most(found: list[tuple[int, dict[str, Any], Numbers]], limit: int) -> Found:
    found.sort(key=lambda each: (-each[2].clicks, -each[2].leads, -each[2].sales, each[0]))
    return [(shown, numbers) for _, shown, numbers in found[:limit]]
