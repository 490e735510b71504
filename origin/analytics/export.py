"""GET /events/export: any number of events as a file, never more than a few blocks of them in memory."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from origin import ids
from origin.accounts.access import authenticate
from origin.analytics.asking import Asked, asked, period_of
from origin.analytics.conversion_reader import ConversionReader
from origin.analytics.event_model import ExportQuery
from origin.analytics.events import verdicts_of
from origin.analytics.formats import WRITERS, Writer
from origin.analytics.numbers import EVENTS
from origin.analytics.periods import Period
from origin.analytics.reader import AnalyticsReader
from origin.api import read_query
from origin.clicks.row import ClickRow
from origin.conversions import row as conversion_row
from origin.problems import Unavailable
from origin.storage.clickhouse import ColumnBlocks, Columns, TooManyStreams
from origin.streamed import Streamed

# Every column that docs/analytics.md defines, but for the workspace, which is the asker's own.
COLUMNS = tuple(name for name in ClickRow._fields if name != "workspace_id")
CONVERSION_COLUMNS = tuple(name for name in conversion_row.COLUMNS if name not in {"workspace_id", "revision", "sign"})


@dataclass(frozen=True, slots=True)
class ExportViews:
    """The endpoint, with what it needs."""

    clicks: AnalyticsReader
    conversions: ConversionReader
    now: Callable[[], datetime]

    async def export(self, request: Request) -> Response:
        actor = await authenticate(request)
        query = read_query(request, ExportQuery)
        about = await asked(request, actor, query, query.event)
        period = await period_of(query, about.scope, self.clicks, self.now())
        columns = COLUMNS if query.event == "clicks" else CONVERSION_COLUMNS
        writer = WRITERS[query.format](columns)
        stack = AsyncExitStack()
        try:
            blocks = await stack.enter_async_context(self._blocks(about, period, query, columns))
        except TooManyStreams as error:
            raise Unavailable(str(error), retry_after=10) from error
        name = f'attachment; filename="events.{query.format}"'
        headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
        parts = _parts(blocks, writer, columns)
        return Streamed(parts, stack.aclose, media_type=writer.media_type, headers=headers)

    def _blocks(
        self, about: Asked, period: Period, query: ExportQuery, columns: tuple[str, ...]
    ) -> AbstractAsyncContextManager[ColumnBlocks]:
        if query.event == "clicks":
            return self.clicks.export(about.scope, period, verdicts_of(query.verdict), columns)
        return self.conversions.export(about.own, period, EVENTS[query.event], about.attribution.model, columns)


async def _parts(blocks: ColumnBlocks, writer: Writer, names: tuple[str, ...]) -> AsyncIterator[bytes]:
    async for block in blocks:
        yield await anyio.to_thread.run_sync(_write, writer, block, names)
    yield await anyio.to_thread.run_sync(writer.end)


def _write(writer: Writer, block: Columns, names: tuple[str, ...]) -> bytes:
    columns = [_shown(name, column) for name, column in zip(names, block, strict=True)]
    return writer.block(columns)


def _shown(name: str, column: Sequence[Any]) -> Sequence[Any]:
    """Numbers of ours as the API shows them."""
    if name == "link_id":
        return [ids.public(ids.LINK, number) for number in column]
    if name == "customer_id":
        return [ids.public(ids.CUSTOMER, number) if number else "" for number in column]
    return [f"{number:016x}" for number in column] if name == "visitor" else column
