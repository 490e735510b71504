"""The routes of the audit log. There is none that writes: entries come with what they tell of."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from origin.accounts.access import authenticate
from origin.analytics.formats import CsvWriter
from origin.api import answer, read_query, route
from origin.audit import reader
from origin.audit.model import AuditExport, AuditLog, AuditQuery
from origin.openapi import ApiRoute, Operation
from origin.storage.transaction import reading

# Few, since the state of one link may be large; no transaction stays open while a slow reader takes them.
_AT_ONCE = 200
_MEDIA_TYPES = {"ndjson": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
_COLUMNS = (
    "id", "createdAt", "action", "actorType", "actorId", "actorName", "userId", "email", "resourceType", "resourceId",
    "resourceName", "before", "after", "address", "userAgent", "requestId", "sessionId",
)  # fmt: skip
_lines = msgspec.json.Encoder().encode_lines


async def index(request: Request) -> Response:
    actor = await authenticate(request)
    query = read_query(request, AuditQuery)
    async with reading(request, actor.workspace_id) as connection:
        return answer(await reader.page(connection, actor.workspace_id, query))


async def export(request: Request) -> Response:
    """What there is now; what is written meanwhile is left for the next time."""
    actor = await authenticate(request)
    query = read_query(request, AuditExport)
    if query.end is None:
        query.end = datetime.now(UTC) + timedelta(seconds=1)
    blocks = _blocks(request, actor.workspace_id, query)
    first = await anext(blocks)  # so that a bad filter is answered, not a file that breaks off
    disposition = f'attachment; filename="audit-log.{query.format}"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    parts = _parts(first, blocks, query.format)
    return StreamingResponse(parts, media_type=_MEDIA_TYPES[query.format], headers=headers)


async def _blocks(request: Request, workspace_id: int, query: AuditExport) -> AsyncIterator[list[AuditLog]]:
    after = None
    while True:
        async with reading(request, workspace_id) as connection:
            entries, after = await reader.block(connection, workspace_id, query, after, _AT_ONCE)
        yield entries
        if len(entries) < _AT_ONCE:
            return


async def _parts(first: list[AuditLog], rest: AsyncIterator[list[AuditLog]], kind: str) -> AsyncIterator[bytes]:
    csv = CsvWriter(_COLUMNS)

    def written(entries: list[AuditLog]) -> bytes:
        return _lines(entries) if kind == "ndjson" else csv.block(list(zip(*map(_flat, entries), strict=True)))

    yield written(first)
    async for entries in rest:
        yield written(entries)


def _flat(entry: AuditLog) -> tuple[object, ...]:
    actor, place = entry.actor, entry.place
    return (
        entry.id, entry.created_at, entry.action, *msgspec.structs.astuple(actor),
        *msgspec.structs.astuple(entry.resource), entry.before, entry.after, *msgspec.structs.astuple(place),
    )  # fmt: skip


def routes() -> list[ApiRoute]:
    """The routes below /api/v1."""
    return [
        route(each)
        for each in (
            Operation(
                method="GET", path="/audit-logs", summary="List who changed what", tag="audit logs",
                permission="audit.read", endpoint=index, query=AuditQuery, response=list[AuditLog],
            ),
            Operation(
                method="GET", path="/audit-logs/export", summary="Download who changed what as NDJSON or CSV",
                tag="audit logs", permission="audit.read", endpoint=export, query=AuditExport,
                media_types=("application/x-ndjson", "text/csv"),
            ),
        )
    ]  # fmt: skip
