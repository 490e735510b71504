"""What the audit log says of links: their state in the API's own words, a password as a mask."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.audit import trail
from origin.audit.trail import Change
from origin.links import versions
from origin.storage.tables import Row


async def created(
    connection: AsyncConnection, workspace_id: int, rows: Iterable[Row], tagged: Mapping[int, Iterable[int]]
) -> None:
    """Note new links, with the numbers of the tags of each."""
    changes = []
    for row in rows:
        carried = [ids.public(ids.TAG, number) for number in sorted(tagged.get(row.id, ()))]
        state = _shown(row, versions.state_with(row, carried))
        changes.append(trail.created("link.create", state, _place(row)))
    await trail.record(connection, workspace_id, *changes)


async def deleted(connection: AsyncConnection, workspace_id: int, rows: Sequence[Row]) -> None:
    """Note links that are about to go."""
    states = await versions.states_of(connection, rows)
    gone = (trail.deleted("link.delete", _shown(row, states[row.id]), _place(row)) for row in rows)
    await trail.record(connection, workspace_id, *gone)


def edited(action: str, row: Row, before: dict[str, Any], after: dict[str, Any]) -> Change:
    """What differs between two states of a link; another password shows as a mask in place of a mask."""
    differing = versions.differences(before, after)
    old = {each.field: each.before for each in differing}
    new = {each.field: each.after for each in differing}
    return Change(action, ids.public(ids.LINK, row.id), _place(row), old, new)


def noted(action: str, row: Row) -> Change:
    """Something that was done with a link and changes none of its fields."""
    return Change(action, ids.public(ids.LINK, row.id), _place(row))


async def alias(connection: AsyncConnection, action: str, link: Row, domain: str, key: str) -> None:
    """Note a code that a link got or lost."""
    values = {"alias": f"{domain}/{key}"}
    gone = action.endswith("remove")
    change = Change(
        action, ids.public(ids.LINK, link.id), _place(link), values if gone else None, None if gone else values
    )
    await trail.record(connection, link.workspace_id, change)


def _shown(row: Row, state: dict[str, Any]) -> dict[str, Any]:
    return {"id": ids.public(ids.LINK, row.id), **versions.shown(state)}


def _place(row: Row) -> str:
    return f"{row.domain}/{row.key}"
