"""Former states of links. A state is kept as the change (in the API's own words) that would bring it back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.links.model import wire_name
from origin.links.passwords import MASK
from origin.problems import NotFound
from origin.storage.tables import Row, link_versions, links
from origin.tags import service as tags

_COLUMNS = (
    "domain", "key", "url", "external_id", "tenant_id", "program_id", "partner_id", "archived", "track_conversion",
    "comments", "expires_at", "expired_url", "disabled_at", "title", "description", "image", "video", "proxy",
    "rewrite", "do_index", "public_stats", "ios", "android", "geo", "test_variants", "test_started_at",
    "test_completed_at", "redirect",
)  # fmt: skip
# Under this name a state keeps the password's verifier, which is never shown.
_VERIFIER = "passwordHash"
_MOST = 100


class LinkVersion(msgspec.Struct, rename=wire_name, kw_only=True):
    """A state of a link: everything that can be edited. `replacedAt` and `replacedBy` are null for the present one."""

    version: int
    current: bool
    replaced_at: datetime | None
    replaced_by: str | None
    state: dict[str, Any]


class Difference(msgspec.Struct, rename={"before": "from", "after": "to"}):
    """A field that differs between two versions."""

    field: str
    before: Any
    after: Any


async def state_of(connection: AsyncConnection, row: Row) -> dict[str, Any]:
    """The editable state of a link, to be kept."""
    return (await states_of(connection, [row]))[row.id]


async def states_of(connection: AsyncConnection, rows: Sequence[Row]) -> dict[int, dict[str, Any]]:
    """The editable state of each of the links, by its number."""
    carried = await tags.of_links(connection, [row.id for row in rows])
    return {row.id: state_with(row, [tag.id for tag in carried.get(row.id, [])]) for row in rows}


def state_with(row: Row, tag_ids: list[str]) -> dict[str, Any]:
    """The editable state of a link that carries these tags."""
    plain: dict[str, Any] = msgspec.to_builtins({wire_name(name): getattr(row, name) for name in _COLUMNS})
    folder = None if row.folder_id is None else ids.public(ids.FOLDER, row.folder_id)
    return {**plain, "tagIds": tag_ids, "folderId": folder, _VERIFIER: row.password_hash}


async def keep(connection: AsyncConnection, row: Row, state: dict[str, Any], user_id: int) -> None:
    """Keep the state that a locked link had before an edit."""
    values = {"link_id": row.id, "revision": row.revision, "state": state, "replaced_by": user_id}
    await connection.execute(insert(link_versions).values(values))


async def history(connection: AsyncConnection, row: Row) -> list[LinkVersion]:
    """The present state and the former ones, the newest first, the last hundred at most."""
    present = LinkVersion(
        version=row.revision, current=True, replaced_at=None, replaced_by=None,
        state=shown(await state_of(connection, row)),
    )  # fmt: skip
    mine = link_versions.c.link_id == row.id
    select = sa.select(link_versions).where(mine).order_by(link_versions.c.revision.desc()).limit(_MOST)
    return [present, *(_version(each) for each in await connection.execute(select))]


async def state_at(connection: AsyncConnection, row: Row, version: int) -> dict[str, Any]:
    """The state of one version, verifier included; raises NotFound."""
    if version == row.revision:
        return await state_of(connection, row)
    one = sa.and_(link_versions.c.link_id == row.id, link_versions.c.revision == version)
    found = (await connection.execute(sa.select(link_versions.c.state).where(one))).scalar_one_or_none()
    if found is None:
        raise NotFound(f"There is no version {version} of this link.")
    return dict(found)


async def place_at(connection: AsyncConnection, workspace_id: int, link_id: int, version: int) -> tuple[str, str]:
    """Domain and key of one version of a link that need not be locked; raises NotFound."""
    state = await state_at(connection, await row_of(connection, workspace_id, link_id), version)
    return state["domain"], state["key"]


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """What differs between two states, by the name of the field."""
    hidden = before.get(_VERIFIER) != after.get(_VERIFIER)
    one, two = shown(before), shown(after)
    names = sorted(one.keys() | two.keys())
    return [
        Difference(name, one.get(name), two.get(name))
        for name in names
        if one.get(name) != two.get(name) or (name == "password" and hidden)
    ]


def shown(state: dict[str, Any]) -> dict[str, Any]:
    """A state as the API shows it: with a mask for the password."""
    rest = {name: value for name, value in state.items() if name != _VERIFIER}
    return {**rest, "password": MASK if state.get(_VERIFIER) else None}


def change_to(state: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The body of the change that brings a state back, and the password's verifier."""
    rest = {name: value for name, value in state.items() if name != _VERIFIER}
    return rest, state.get(_VERIFIER)


async def row_of(connection: AsyncConnection, workspace_id: int, link_id: int) -> Row:
    """The link's row; raises NotFound."""
    select = sa.select(links).where(links.c.id == link_id, links.c.workspace_id == workspace_id)
    row = (await connection.execute(select)).one_or_none()
    if row is None:
        raise NotFound
    return row


def _version(each: Row) -> LinkVersion:
    by = None if each.replaced_by is None else ids.public(ids.USER, each.replaced_by)
    return LinkVersion(
        version=each.revision, current=False, replaced_at=each.replaced_at, replaced_by=by, state=shown(each.state)
    )
