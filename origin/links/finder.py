"""Finding the number of one link of a workspace."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.domains import service as domains
from origin.links.draft import normalize_key
from origin.links.model import InfoQuery
from origin.problems import NotFound, Unprocessable
from origin.storage.tables import links

EXTERNAL = "ext_"


async def by_public_id(connection: AsyncConnection, workspace_id: int, text: str) -> int:
    """The link with this id, or with this external id behind `ext_`; raises NotFound."""
    if text.startswith(EXTERNAL):
        return await _one(connection, workspace_id, links.c.external_id == text.removeprefix(EXTERNAL), text)
    return await _one(connection, workspace_id, links.c.id == ids.parse(ids.LINK, text), text)


async def by_info(connection: AsyncConnection, workspace_id: int, query: InfoQuery) -> int:
    """The link that the query names; raises NotFound, or Unprocessable for a query that names none."""
    if query.link_id:
        return await by_public_id(connection, workspace_id, query.link_id)
    if query.external_id:
        return await by_public_id(connection, workspace_id, EXTERNAL + query.external_id.removeprefix(EXTERNAL))
    if not (query.domain and query.key):
        raise Unprocessable("Name the link: by domain and key, by linkId or by externalId.")
    domain, key = domains.normalize(query.domain), normalize_key(query.key)
    if await domains.ignores_case(connection, domain):
        key = key.lower()
    named = (links.c.domain == domain) & (links.c.key == key)
    return await _one(connection, workspace_id, named, f"{domain}/{key}")


async def by_public_ids(
    connection: AsyncConnection, workspace_id: int, link_ids: Collection[str], external_ids: Collection[str]
) -> list[int]:
    """Those of the links that the workspace has, in the order they were named in; `ext_` may stand before external ids."""
    numbers = [ids.parse(ids.LINK, each) for each in link_ids]
    own = [each.removeprefix(EXTERNAL) for each in [*external_ids, *(i for i in link_ids if i.startswith(EXTERNAL))]]
    named = sa.or_(links.c.id.in_([each or 0 for each in numbers]), links.c.external_id.in_(own))
    select = sa.select(links.c.id, links.c.external_id).where(links.c.workspace_id == workspace_id, named)
    rows = (await connection.execute(select.where(links.c.alias_of.is_(None)))).all()
    place = {each: index for index, each in enumerate([*numbers, *own])}
    return [
        row.id
        for row in sorted(
            rows, key=lambda row: min(place.get(row.id, len(place)), place.get(row.external_id, len(place)))
        )
    ]


async def newest_by_url(connection: AsyncConnection, workspace_id: int, url: str) -> int | None:
    """The latest of the workspace's links to exactly this URL."""
    same_hash = sa.func.hashtextextended(links.c.url, 0) == sa.func.hashtextextended(url, 0)
    mine = sa.and_(links.c.workspace_id == workspace_id, same_hash, links.c.url == url, links.c.alias_of.is_(None))
    select = sa.select(links.c.id).where(mine).order_by(links.c.id.desc()).limit(1)
    return (await connection.execute(select)).scalar_one_or_none()


async def _one(connection: AsyncConnection, workspace_id: int, named: sa.ColumnElement[bool], text: str) -> int:
    if "\0" in text:  # Postgres holds no such text
        raise NotFound
    found = (
        await connection.execute(
            sa.select(sa.func.coalesce(links.c.alias_of, links.c.id)).where(links.c.workspace_id == workspace_id, named)
        )
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(f"There is no link {text} in this workspace.")
    return int(found)
