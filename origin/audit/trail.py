"""Writing the audit log, on the transaction of the change that it tells of.

Whoever is calling is set once a request (origin.api.route) or a job, so that a change needs to say only what changed.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.storage.tables import memberships

_RECORD = sa.text(files("origin.audit").joinpath("record.sql").read_text(encoding="utf-8"))
State = msgspec.Struct | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something, and from where. `session` is the family of a session's tokens, `job` what the system does."""

    kind: Literal["user", "api_key", "system"] = "system"
    user_id: int | None = None
    api_key_id: int | None = None
    session: str | None = None
    job: str | None = None
    address: str = ""
    user_agent: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What has changed. The action is `noun.verb`; before and after hold only what differs, in the API's own words."""

    action: str
    resource_id: str
    name: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


_SYSTEM = Author()
_author: ContextVar[Author] = ContextVar("author", default=_SYSTEM)
_told: ContextVar[set[int] | None] = ContextVar("told", default=None)


@contextmanager
def acting(author: Author) -> Iterator[set[int]]:
    """Everything that is recorded in this context is by them; gives the numbers of the workspaces that it is about."""
    workspace_ids: set[int] = set()
    token, told = _author.set(author), _told.set(workspace_ids)
    try:
        yield workspace_ids
    finally:
        _author.reset(token)
        _told.reset(told)


def created(action: str, state: State, name: str = "") -> Change:
    """Something that is there now; what it has no value for is left out."""
    after = _builtins(state)
    return Change(action, after["id"], name or _name(after), after=_said(after))


def deleted(action: str, state: State, name: str = "") -> Change:
    """Something that was there."""
    before = _builtins(state)
    return Change(action, before["id"], name or _name(before), before=_said(before))


def updated(action: str, former: State, state: State, name: str = "") -> Change | None:
    """Something that is otherwise now; None where it is as it was."""
    before, after = _builtins(former), _builtins(state)
    names = [each for each in after if before.get(each) != after[each] and each not in _NO_CHANGE]
    if not names:
        return None
    old, new = {each: before.get(each) for each in names}, {each: after[each] for each in names}
    return Change(action, after["id"], name or _name(after), old, new)


async def record(
    connection: AsyncConnection, workspace_id: int, *changes: Change | None, by_user: int | None = None
) -> None:
    """Write the changes with one statement. `by_user`: who it is where the call came without a token, by a letter."""
    await _write(connection, [workspace_id], changes, by_user)


async def record_of_user(connection: AsyncConnection, user_id: int, change: Change | None) -> None:
    """Write what a user did to their own account into the log of each workspace that they are in."""
    mine = sa.select(memberships.c.workspace_id).where(memberships.c.user_id == user_id)
    await _write(connection, list((await connection.execute(mine)).scalars()), [change], user_id)


async def _write(
    connection: AsyncConnection, workspace_ids: list[int], changes: Iterable[Change | None], by_user: int | None
) -> None:
    entries = [each for each in changes if each is not None]
    if not entries or not workspace_ids:
        return
    if (told := _told.get()) is not None:
        told.update(workspace_ids)
    author = _author.get()
    if by_user is not None and author.user_id is None:
        author = replace(author, kind="user", user_id=by_user)
    values = {name: getattr(author, name) for name in Author.__slots__}
    changed = msgspec.json.encode(entries).decode()
    await connection.execute(_RECORD, {**values, "workspace_ids": workspace_ids, "changes": changed})


# Times of the edit itself, and counts that nobody edits.
_NO_CHANGE = frozenset({"updatedAt", "lastUsedAt"})
_UNSAID = frozenset({"id", "updatedAt", "createdAt", "lastUsedAt"})


def _said(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if value not in (None, False, "", []) and name not in _UNSAID}


def _builtins(state: State) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(dict(state) if isinstance(state, Mapping) else state)
    return plain


def _name(state: dict[str, Any]) -> str:
    return str(state.get("name") or state.get("slug") or state.get("email") or "")
