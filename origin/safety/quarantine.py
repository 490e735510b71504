"""The quarantine of a link: the edge warns of it, or takes it down, before it hears of anything else.

Each one is a row of `quarantines`, which stays when it is released and when the link is deleted, so that it can be told later
who did what and why. The one that is in force stands on the link as well.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from prometheus_client import Counter
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.audit import trail
from origin.links import store
from origin.links.model import Action, Reason, Source, wire_name
from origin.links.options import Records
from origin.problems import Forbidden, NotFound
from origin.storage.tables import Row, link_checks, links, quarantines

WORKSPACE: Source = "workspace"
OPERATOR: Source = "operator"
PLACED = Counter("nearhop_links_quarantined_total", "Links put into quarantine, by who did.", ["source"])
_MOST = 100
_KEPT = ("workspace_id", "link_id", "domain", "key", "url", "source", "action", "reason", "note", "placed_by")


class PastQuarantine(msgspec.Struct, rename=wire_name, kw_only=True):
    """One quarantine of a link; `releasedAt` is null for the one in force."""

    action: Action
    reason: Reason
    source: Source
    note: str
    placed_at: datetime
    placed_by: str | None
    released_at: datetime | None
    released_by: str | None
    release_note: str | None


@dataclass(frozen=True, slots=True)
class By:
    """Who does it; the workspace's own people are known by name."""

    source: Source
    user_id: int | None = None


async def place(
    connection: AsyncConnection, records: Records, link_id: int, by: By, action: Action, reason: Reason, note: str = ""
) -> bool:
    """Put a link into quarantine, in place of one that it is in; raises NotFound, or Forbidden where that is the operator's.

    False where it is in the very same one already, or where a list would replace another's that does as much.
    """
    row = await _locked(connection, link_id)
    before = row.quarantine
    if before is not None:
        if (before["action"], before["reason"], before["source"]) == (action, reason, by.source):
            return False
        _check(before, by)
        if _does_enough(before, by, action):
            return False
        await _end(connection, row.id, by, "replaced")
    values = {
        "workspace_id": row.workspace_id, "link_id": row.id, "domain": row.domain, "key": row.key, "url": row.url,
        "source": by.source, "action": action, "reason": reason, "note": note, "placed_by": by.user_id,
    }  # fmt: skip
    await connection.execute(insert(quarantines).values(values))
    now: dict[str, str] = {"action": action, "reason": reason, "source": by.source}
    await _show(connection, records, row.id, now)
    await _note(connection, "link.quarantine", row, by, now)
    PLACED.labels(by.source).inc()
    return True


async def release(connection: AsyncConnection, records: Records, link_id: int, by: By, note: str = "") -> None:
    """Let a link go; raises NotFound where it is in none, or Forbidden where that is the operator's.

    What the workspace itself had placed before, and somebody else has replaced, is in force again then.
    """
    row = await _locked(connection, link_id)
    if row.quarantine is None:
        raise NotFound("This link is in no quarantine.")
    _check(row.quarantine, by)
    own = None if row.quarantine["source"] == WORKSPACE else await _replaced(connection, row)
    await _end(connection, row.id, by, note)
    now: dict[str, str] | None = None
    if own is not None:
        await connection.execute(insert(quarantines).values({name: getattr(own, name) for name in _KEPT}))
        now = {"action": own.action, "reason": own.reason, "source": own.source}
    if by.source == WORKSPACE:  # a list may have left the link to it: the next check looks again
        await connection.execute(sa.delete(link_checks).where(link_checks.c.link_id == row.id))
    await _show(connection, records, row.id, now)
    await _note(connection, "link.release", row, by, now)


async def release_deleted(connection: AsyncConnection, named: sa.ColumnElement[bool], by: By, note: str = "") -> bool:
    """End what deleted links have left behind, so that their place may be used again; False where there is none."""
    is_there = sa.exists().where(links.c.id == quarantines.c.link_id)
    left = sa.and_(named, quarantines.c.released_at.is_(None), ~is_there)
    values = {"released_at": sa.func.now(), "released_by": by.user_id, "release_note": note}
    return bool((await connection.execute(sa.update(quarantines).where(left).values(values))).rowcount)


async def history(connection: AsyncConnection, workspace_id: int, link_id: int) -> list[PastQuarantine]:
    """The quarantines that a link has been in, the newest first, the last hundred at most."""
    mine = sa.and_(quarantines.c.workspace_id == workspace_id, quarantines.c.link_id == link_id)
    select = sa.select(quarantines).where(mine).order_by(quarantines.c.id.desc()).limit(_MOST)
    return [_shown(row) for row in await connection.execute(select)]


def _check(before: dict[str, Any], by: By) -> None:
    """A workspace may undo what it did itself: who runs the installation may have to be protected from it."""
    if by.source == WORKSPACE and before["source"] != WORKSPACE:
        raise Forbidden("Only the operator of this installation can release this link: ask them.")
    if by.source not in {WORKSPACE, OPERATOR} and before["source"] == OPERATOR:
        raise Forbidden("The operator's own quarantine stays.")


def _does_enough(before: dict[str, Any], by: By, action: Action) -> bool:
    """Whether a list leaves a link as it is, since somebody else has done as much already."""
    is_list = by.source not in {WORKSPACE, OPERATOR}
    return is_list and before["source"] != by.source and (before["action"] == "block" or action == "warn")


async def _replaced(connection: AsyncConnection, row: Row) -> Row | None:
    """The workspace's own quarantine that the one in force has replaced, be it by way of others."""
    mine = sa.and_(quarantines.c.workspace_id == row.workspace_id, quarantines.c.link_id == row.id)
    newest_first = sa.select(quarantines).where(mine).order_by(quarantines.c.id.desc()).limit(_MOST)
    began = None
    for each in await connection.execute(newest_first):
        if began is not None and each.released_at != began:
            return None  # released, and not replaced: that ends one at the moment at which the next begins
        if each.source == WORKSPACE:
            return each
        began = each.placed_at
    return None


async def _locked(connection: AsyncConnection, link_id: int) -> Row:
    select = sa.select(links).where(links.c.id == link_id, links.c.alias_of.is_(None)).with_for_update()
    row = (await connection.execute(select)).one_or_none()
    if row is None:
        raise NotFound("There is no such link.")
    return row


async def _end(connection: AsyncConnection, link_id: int, by: By, note: str) -> None:
    in_force = sa.and_(quarantines.c.link_id == link_id, quarantines.c.released_at.is_(None))
    values = {"released_at": sa.func.now(), "released_by": by.user_id, "release_note": note}
    await connection.execute(sa.update(quarantines).where(in_force).values(values))


async def _note(connection: AsyncConnection, action: str, row: Row, by: By, now: dict[str, str] | None) -> None:
    """Write it into the workspace's audit log; what is not the workspace's own doing is the system's there."""
    change = trail.Change(
        action, ids.public(ids.LINK, row.id), f"{row.domain}/{row.key}",
        None if row.quarantine is None else {"quarantine": row.quarantine}, None if now is None else {"quarantine": now},
    )  # fmt: skip
    if by.source == WORKSPACE:
        await trail.record(connection, row.workspace_id, change)
        return
    with trail.acting(trail.Author(job=f"safety.{by.source}")):
        await trail.record(connection, row.workspace_id, change)


async def _show(connection: AsyncConnection, records: Records, link_id: int, quarantine: dict[str, str] | None) -> None:
    update = sa.update(links).where(links.c.id == link_id).values(quarantine=quarantine, updated_at=sa.func.now())
    await store.seal(connection, records, (await connection.execute(update.returning(links))).all())


def _shown(row: Row) -> PastQuarantine:
    by, released_by = (None if n is None else ids.public(ids.USER, n) for n in (row.placed_by, row.released_by))
    return PastQuarantine(
        action=row.action, reason=row.reason, source=row.source, note=row.note, placed_at=row.placed_at, placed_by=by,
        released_at=row.released_at, released_by=released_by, release_note=row.release_note,
    )  # fmt: skip
