"""Which links a list, a count or a search is about."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.links import search
from origin.links.finder import EXTERNAL
from origin.links.model import CountFilter
from origin.storage.tables import link_tags, links, tags

_MOST_TAGS = 100


async def searched(
    connection: AsyncConnection, workspace_id: int, wanted: CountFilter
) -> tuple[list[sa.ColumnElement[bool]], sa.ColumnElement[Any] | None]:
    """The conditions with those of the search, and the search's tsquery. A link is also found by the names of its tags."""
    found = conditions(workspace_id, wanted)
    if not wanted.search:
        return found, None
    asked = await search.query(connection, workspace_id, wanted.search)
    if asked is None:
        return [*found, sa.false()], None
    fits = links.c.search.op("@@", is_comparison=True)(asked)
    tagged = await _named_tags(connection, workspace_id, wanted.search)
    if tagged:  # a union, since an OR of both could use neither index
        by_words = sa.select(links.c.id).where(links.c.workspace_id == workspace_id, fits)
        by_tags = sa.select(link_tags.c.link_id).where(link_tags.c.tag_id.in_(tagged))
        fits = links.c.id.in_(by_words.union(by_tags))
    return [*found, fits], asked


async def _named_tags(connection: AsyncConnection, workspace_id: int, text: str) -> list[int]:
    """The tags whose name has all the words that were searched for, or begins with them."""
    asked = search.words(text)
    select = sa.select(tags.c.id, tags.c.name).where(tags.c.workspace_id == workspace_id)
    first = tags.c.name.icontains(asked[0], autoescape=True)
    rows = await connection.execute(select.where(first).limit(_MOST_TAGS))
    return [row.id for row in rows if all(_begins(each, search.words(row.name)) for each in asked)]


def _begins(asked: str, names: list[str]) -> bool:
    return any(name.startswith(asked) for name in names)


def conditions(workspace_id: int, wanted: CountFilter) -> list[sa.ColumnElement[bool]]:
    """What a link of the workspace has to fulfil."""
    found: list[sa.ColumnElement[bool]] = []
    if not wanted.show_archived:
        found.append(links.c.archived.is_(False))
    if wanted.domain:
        found.append(links.c.domain == wanted.domain.lower())
    if wanted.external_id:
        found.append(links.c.external_id == wanted.external_id.removeprefix(EXTERNAL))
    if wanted.tenant_id:
        found.append(links.c.tenant_id == wanted.tenant_id)
    if wanted.user_id:
        found.append(links.c.user_id == ids.parse(ids.USER, wanted.user_id))
    if wanted.folder_id:
        found.append(links.c.folder_id == ids.parse(ids.FOLDER, wanted.folder_id))
    found += _tags(workspace_id, wanted)
    return found


def _tags(workspace_id: int, wanted: CountFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    own = link_tags.alias()  # the query around it may join the same table
    carried = sa.select(own.c.link_id).where(own.c.link_id == links.c.id)
    numbers = [ids.parse(ids.TAG, each) for each in ([wanted.tag_id] if wanted.tag_id else []) + (wanted.tag_ids or [])]
    if numbers:
        found.append(carried.where(own.c.tag_id.in_([each or 0 for each in numbers])).exists())
    if wanted.tag_names:
        names = [each.lower() for each in wanted.tag_names]
        named = sa.select(tags.c.id).where(tags.c.workspace_id == workspace_id, sa.func.lower(tags.c.name).in_(names))
        found.append(carried.where(own.c.tag_id.in_(named)).exists())
    if wanted.with_tags:
        found.append(carried.exists())
    return found
