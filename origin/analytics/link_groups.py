"""Clicks by what links are sorted into: their tags and their folders, as they are now."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.analytics.model import row

# Of a workspace with more links that were clicked, the ones with fewest clicks are left out.
MOST_LINKS = 100_000
_CLICKED = "SELECT * FROM unnest(:links, :clicks) AS clicked (link_id, clicks)"
_TAGS = f"""
SELECT tags.id, tags.name, tags.color, sum(clicked.clicks) AS clicks
FROM ({_CLICKED}) AS clicked
JOIN link_tags ON link_tags.link_id = clicked.link_id
JOIN tags ON tags.id = link_tags.tag_id AND tags.workspace_id = :workspace
GROUP BY tags.id ORDER BY clicks DESC, tags.id LIMIT :most
"""  # noqa: S608  # all of it is here
_FOLDERS = f"""
SELECT folders.id, folders.name, folders.access_level, sum(clicked.clicks) AS clicks
FROM ({_CLICKED}) AS clicked
JOIN links ON links.id = clicked.link_id AND links.workspace_id = :workspace
JOIN folders ON folders.id = links.folder_id
GROUP BY folders.id ORDER BY clicks DESC, folders.id LIMIT :most
"""  # noqa: S608  # as above


async def tags(
    connection: AsyncConnection, workspace_id: int, clicks: list[tuple[int, int]], limit: int
) -> list[dict[str, Any]]:
    """A row a tag. A link with two tags counts for both."""
    found = []
    for each in await _ask(connection, _TAGS, workspace_id, clicks, limit):
        tag_id = ids.public(ids.TAG, each.id)
        found.append(row(int(each.clicks), tagId=tag_id, tag={"id": tag_id, "name": each.name, "color": each.color}))
    return found


async def folders(
    connection: AsyncConnection, workspace_id: int, clicks: list[tuple[int, int]], limit: int
) -> list[dict[str, Any]]:
    """A row a folder. Links in no folder have none."""
    found = []
    for each in await _ask(connection, _FOLDERS, workspace_id, clicks, limit):
        folder_id = ids.public(ids.FOLDER, each.id)
        folder = {"id": folder_id, "name": each.name, "accessLevel": each.access_level}
        found.append(row(int(each.clicks), folderId=folder_id, folder=folder))
    return found


GROUPS = {"top_link_tags": tags, "top_folders": folders}


async def _ask(
    connection: AsyncConnection, sql: str, workspace_id: int, clicks: list[tuple[int, int]], limit: int
) -> list[Any]:
    numbers = ARRAY(sa.BigInteger)
    text = sa.text(sql).bindparams(sa.bindparam("links", type_=numbers), sa.bindparam("clicks", type_=numbers))
    bound = {"links": [link for link, _ in clicks], "clicks": [number for _, number in clicks]}
    return list(await connection.execute(text, {**bound, "workspace": workspace_id, "most": limit}))
