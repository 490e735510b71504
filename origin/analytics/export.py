"""GET /events/export: any number of events as a file, never more than a few blocks of them in memory."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from origin import ids
from origin.accounts.access import authenticate
from origin.analytics.asking import period_of, scope_of
from origin.analytics.event_model import ExportQuery
from origin.analytics.events import verdicts_of
from origin.analytics.formats import WRITERS, Writer
from origin.analytics.reader import AnalyticsReader
from origin.api import read_query
from origin.clicks.row import ClickRow
from origin.problems import Unavailable
from origin.storage.clickhouse import ColumnBlocks, Columns, TooManyStreams

# Every column that docs/analytics.md defines, but for the workspace, which is the asker's own.
COLUMNS = tuple(name for name in ClickRow._fields if name != "workspace_id")
_LINK = COLUMNS.index("link_id")
_VISITOR = COLUMNS.index("visitor")


@dataclass(frozen=True, slots=True)
class ExportViews:
    """The endpoint, with what it needs."""

    clicks: AnalyticsReader
    now: Callable[[], datetime]

    async def export(self, request: Request) -> Response:
        actor = await authenticate(request)
        query = read_query(request, ExportQuery)
        scope = await scope_of(request, actor, query)
        period = await period_of(query, scope, self.clicks, self.now())
        writer = WRITERS[query.format](COLUMNS)
        stack = AsyncExitStack()
        try:
            blocks = await stack.enter_async_context(
                self.clicks.export(scope, period, verdicts_of(query.verdict), COLUMNS)
            )
        except TooManyStreams as error:
            raise Unavailable(str(error), retry_after=10) from error
        name = f'attachment; filename="events.{query.format}"'
        headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
        return StreamingResponse(_parts(stack, blocks, writer), media_type=writer.media_type, headers=headers)


async def _parts(stack: AsyncExitStack, blocks: ColumnBlocks, writer: Writer) -> AsyncIterator[bytes]:
    async with stack:
        async for block in blocks:
            yield await anyio.to_thread.run_sync(_write, writer, block)
        yield await anyio.to_thread.run_sync(writer.end)


def _write(writer: Writer, block: Columns) -> bytes:
    columns = list(block)
    columns[_LINK] = [ids.public(ids.LINK, number) for number in columns[_LINK]]
    columns[_VISITOR] = [f"{number:016x}" for number in columns[_VISITOR]]
    return writer.block(columns)
