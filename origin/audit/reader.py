"""Reading the audit log of a workspace."""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.audit.model import AuditActor, AuditFilter, AuditLog, AuditPlace, AuditQuery, AuditResource
from origin.problems import Unprocessable
from origin.storage.tables import Row, api_keys, audit_logs, users

Place = tuple[datetime, int]
_place = sa.tuple_(audit_logs.c.created_at, audit_logs.c.id)


async def page(connection: AsyncConnection, workspace_id: int, query: AuditQuery) -> list[AuditLog]:
    """A page, the newest first; raises Unprocessable for a cursor that is no entry."""
    select = _matching(workspace_id, query)
    if query.starting_after and query.ending_before:
        raise Unprocessable("endingBefore: give either this or startingAfter.")
    if cursor := query.starting_after or query.ending_before:
        there = await _find(connection, workspace_id, cursor)
        select = select.where(_place > there if query.ending_before else _place < there)
    backwards = query.ending_before is not None
    ordered = select.order_by(*_order(ascending=backwards)).limit(query.page_size)
    found = [_shown(row) for row in await connection.execute(ordered)]
    return found[::-1] if backwards else found


async def block(
    connection: AsyncConnection, workspace_id: int, wanted: AuditFilter, after: Place | None, size: int
) -> tuple[list[AuditLog], Place | None]:
    """Up to `size` entries behind a place, the oldest first, and the place of the last one."""
    select = _matching(workspace_id, wanted)
    if after is not None:
        select = select.where(_place > sa.tuple_(*map(sa.literal, after)))
    rows = (await connection.execute(select.order_by(*_order(ascending=True)).limit(size))).all()
    return [_shown(row) for row in rows], (rows[-1].created_at, rows[-1].id) if rows else None


def _matching(workspace_id: int, wanted: AuditFilter) -> "sa.Select[tuple[object, ...]]":
    table = audit_logs.c
    joined = (
        sa.select(audit_logs, users.c.email, users.c.name.label("user_name"), api_keys.c.name.label("key_name"))
        .select_from(audit_logs)
        .outerjoin(users, users.c.id == table.user_id)
        .outerjoin(api_keys, api_keys.c.id == table.api_key_id)
    )
    select = joined.where(table.workspace_id == workspace_id)
    if wanted.actor_id is not None:
        select = select.where(_by(wanted.actor_id))
    if wanted.actor_type is not None:
        select = select.where(table.actor_type == wanted.actor_type)
    if wanted.action:
        select = select.where(table.action.in_(wanted.action))
    if wanted.resource_type is not None:
        select = select.where(table.resource_type == wanted.resource_type)
    if wanted.resource_id is not None:
        select = select.where(table.resource_id == wanted.resource_id)
    if wanted.start is not None:
        select = select.where(table.created_at >= _time("start", wanted.start))
    if wanted.end is not None:
        select = select.where(table.created_at < _time("end", wanted.end))
    return select


def _by(actor_id: str) -> sa.ColumnElement[bool]:
    for prefix, column in ((ids.USER, audit_logs.c.user_id), (ids.API_KEY, audit_logs.c.api_key_id)):
        if (number := ids.parse(prefix, actor_id)) is not None:
            return column == number
    raise Unprocessable(f"actorId: {actor_id!r} is neither a user's id nor an API key's.")


def _time(field: str, value: datetime) -> datetime:
    """A time without a zone is in UTC."""
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError as error:
        raise Unprocessable(f"{field}: the year is 1 to 9999 in UTC.") from error


def _order(*, ascending: bool) -> list[sa.ColumnElement[object]]:
    columns = (audit_logs.c.created_at, audit_logs.c.id)
    return [each.asc() if ascending else each.desc() for each in columns]


async def _find(connection: AsyncConnection, workspace_id: int, text: str) -> "sa.Tuple":
    mine = sa.and_(audit_logs.c.workspace_id == workspace_id, audit_logs.c.id == ids.parse(ids.AUDIT_LOG, text))
    row = (await connection.execute(sa.select(audit_logs.c.created_at, audit_logs.c.id).where(mine))).one_or_none()
    if row is None:
        raise Unprocessable(f"There is no entry {text} in this workspace's log to begin at.")
    return sa.tuple_(*map(sa.literal, row))


def _shown(row: Row) -> AuditLog:
    user_id = None if row.user_id is None else ids.public(ids.USER, row.user_id)
    actor_id = user_id if row.api_key_id is None else ids.public(ids.API_KEY, row.api_key_id)
    name = row.job if row.actor_type == "system" else row.user_name if row.api_key_id is None else row.key_name
    session_id = None if row.session_id is None else ids.public(ids.SESSION, row.session_id)
    return AuditLog(
        id=ids.public(ids.AUDIT_LOG, row.id),
        created_at=row.created_at,
        action=row.action,
        actor=AuditActor(row.actor_type, actor_id, name, user_id, row.email),
        resource=AuditResource(row.resource_type, row.resource_id, row.resource_name),
        before=row.before,
        after=row.after,
        place=AuditPlace(row.address, row.user_agent, row.request_id, session_id),
    )
