"""Tags of a workspace, and which links carry them."""

import random
from collections.abc import Collection, Mapping, Sequence
from typing import Any, get_args

import sqlalchemy as sa
from msgspec import UNSET
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.audit import trail
from origin.pages import Order, Page, fetch
from origin.problems import Conflict, NotFound, Unprocessable
from origin.storage.tables import Row, link_tags, tags
from origin.tags.model import Color, Tag, TagFields, TagFilter

_COLORS = get_args(Color)


async def create(connection: AsyncConnection, workspace_id: int, body: TagFields) -> Tag:
    """A new tag, of some colour where none is given; raises Unprocessable or Conflict."""
    values = _values(body)
    if "name" not in values:
        raise Unprocessable("name: a tag needs a name.")
    color = random.choice(_COLORS)  # noqa: S311  # any will do
    statement = insert(tags).values({"color": color, **values, "workspace_id": workspace_id})
    row = (await connection.execute(statement.on_conflict_do_nothing().returning(tags))).one_or_none()
    if row is None:
        raise _taken(values["name"])
    await trail.record(connection, workspace_id, trail.created("tag.create", shown(row)))
    return shown(row)


async def change(connection: AsyncConnection, workspace_id: int, tag_id: str, body: TagFields) -> Tag:
    """Rename or recolour a tag; raises NotFound or Conflict."""
    values = _values(body)
    select = sa.select(tags).where(_is(workspace_id, tag_id)).with_for_update()
    former = (await connection.execute(select)).one_or_none()
    if former is None:
        raise _unknown(tag_id)
    statement = sa.update(tags).where(tags.c.id == former.id).values(values or {"name": tags.c.name})
    try:
        row = (await connection.execute(statement.returning(tags))).one()
    except IntegrityError as error:
        raise _taken(values["name"]) from error
    await trail.record(connection, workspace_id, trail.updated("tag.update", shown(former), shown(row)))
    return shown(row)


async def delete(connection: AsyncConnection, workspace_id: int, tag_id: str) -> None:
    """Delete a tag and take it off its links; raises NotFound."""
    deleted = await connection.execute(sa.delete(tags).where(_is(workspace_id, tag_id)).returning(tags))
    row = deleted.one_or_none()
    if row is None:
        raise _unknown(tag_id)
    await trail.record(connection, workspace_id, trail.deleted("tag.delete", shown(row)))


async def page(connection: AsyncConnection, workspace_id: int, wanted: TagFilter, page: Page) -> list[Tag]:
    """One page of the tags that fit."""
    name = sa.func.lower(tags.c.name, type_=sa.Text)
    column = name if wanted.sort_by == "name" else tags.c.created_at
    order = Order(column, tags.c.id, ascending=wanted.sort_order == "asc")
    select = sa.select(tags).where(tags.c.workspace_id == workspace_id)
    if wanted.search:
        select = select.where(tags.c.name.icontains(wanted.search, autoescape=True))
    if wanted.ids:
        select = select.where(tags.c.id.in_([ids.parse(ids.TAG, each) for each in wanted.ids]))
    return [shown(row) for row in await fetch(connection, select, order, page)]


async def numbers(
    connection: AsyncConnection, workspace_id: int, tag_ids: Collection[str] = (), names: Collection[str] = ()
) -> dict[str, int]:
    """The number of each tag by the id or the name (in lower case) that was given; those that are not there are left out."""
    parsed = {ids.parse(ids.TAG, each): each for each in tag_ids}
    lowered = {each.lower() for each in names}
    asked = sa.or_(tags.c.id.in_(parsed), sa.func.lower(tags.c.name).in_(lowered))
    rows = await connection.execute(sa.select(tags.c.id, tags.c.name).where(tags.c.workspace_id == workspace_id, asked))
    found = {}
    for row in rows:
        if row.id in parsed:
            found[parsed[row.id]] = row.id
        if row.name.lower() in lowered:
            found[row.name.lower()] = row.id
    return found


async def put(connection: AsyncConnection, tagged: Mapping[int, Collection[int]], *, fresh: bool = False) -> None:
    """Let each link (by number) carry exactly these tags; `fresh` links carry none yet."""
    if not fresh:
        await connection.execute(sa.delete(link_tags).where(link_tags.c.link_id.in_(tagged)))
    rows = [{"link_id": link, "tag_id": tag} for link, numbers in tagged.items() for tag in sorted(set(numbers))]
    if rows:
        await connection.execute(insert(link_tags).on_conflict_do_nothing(), rows)


async def of_links(connection: AsyncConnection, link_ids: Sequence[int]) -> dict[int, list[Tag]]:
    """The tags of each link that has any, by name."""
    joined = sa.select(link_tags.c.link_id, tags).join(tags, tags.c.id == link_tags.c.tag_id)
    select = joined.where(link_tags.c.link_id.in_(link_ids)).order_by(sa.func.lower(tags.c.name))
    found: dict[int, list[Tag]] = {}
    for row in await connection.execute(select):
        found.setdefault(row.link_id, []).append(shown(row))
    return found


def shown(row: Row) -> Tag:
    """A tag as the API shows it."""
    return Tag(ids.public(ids.TAG, row.id), row.name, row.color)


def _values(body: TagFields) -> dict[str, Any]:
    given = {"name": body.tag if body.name is UNSET else body.name, "color": body.color}
    return {name: value for name, value in given.items() if value is not UNSET}


def _is(workspace_id: int, tag_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(tags.c.workspace_id == workspace_id, tags.c.id == ids.parse(ids.TAG, tag_id))


def _taken(name: str) -> Conflict:
    return Conflict(f"name: there is a tag {name!r} in this workspace already. Choose another name.")


def _unknown(tag_id: str) -> NotFound:
    return NotFound(f"There is no tag {tag_id} in this workspace.")
