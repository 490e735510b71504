"""Which links a list, a count or a search is about."""

import sqlalchemy as sa

from origin import ids
from origin.links.finder import EXTERNAL
from origin.links.model import CountFilter
from origin.storage.tables import link_tags, links, tags


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
    if wanted.search:
        # A scan of the workspace's own links, which the index on workspace and time bounds.
        texts = (links.c.url, links.c.key, links.c.title)
        found.append(sa.or_(*(text.icontains(wanted.search, autoescape=True) for text in texts)))
    return found


def _tags(workspace_id: int, wanted: CountFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    carried = sa.select(link_tags.c.link_id).where(link_tags.c.link_id == links.c.id)
    numbers = [ids.parse(ids.TAG, each) for each in ([wanted.tag_id] if wanted.tag_id else []) + (wanted.tag_ids or [])]
    if numbers:
        found.append(carried.where(link_tags.c.tag_id.in_([each or 0 for each in numbers])).exists())
    if wanted.tag_names:
        names = [each.lower() for each in wanted.tag_names]
        named = sa.select(tags.c.id).where(tags.c.workspace_id == workspace_id, sa.func.lower(tags.c.name).in_(names))
        found.append(carried.where(link_tags.c.tag_id.in_(named)).exists())
    if wanted.with_tags:
        found.append(carried.exists())
    return found
