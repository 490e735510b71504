"""GET /events/live: requests, leads and sales as server-sent events, moments after they happen.

One task a workspace asks ClickHouse for what is new, so that clicks that other origin processes took are there as well,
and hands it to all who listen. A block becomes visible a moment after its `stored_at`, perhaps after a later one: so each
look goes back a little, and what was sent already is left out. More than a page, which one block may be, is read on at once.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response

from origin.accounts.access import authenticate
from origin.analytics.conversion_events import COLUMNS as CONVERSION_COLUMNS
from origin.analytics.conversion_reader import ConversionReader
from origin.analytics.event_model import COLUMNS, LiveQuery
from origin.analytics.events import shown, shown_conversions
from origin.analytics.place import Place, id_of
from origin.analytics.reader import AnalyticsReader
from origin.api import read_query
from origin.links.reader import Reader as LinkReader
from origin.problems import TooManyRequests, Unprocessable
from origin.storage.clickhouse import ClickHouseUnavailable, Rows
from origin.streamed import Streamed

LOOK_SECONDS = 0.5
OVERLAP_MS = 3_000
LONGEST_RESUME_MS = 3_600_000
# Keys are revoked and members removed meanwhile: who comes back is asked again, and goes on where they were.
LONGEST_FEED_MS = 900_000
MOST_LISTENERS = 100
MOST_OF_A_WORKSPACE = 10
_MOST_AT_ONCE = 1_000
_MOST_WAITING = 20  # looks that a slow listener may be behind
_KEEP_ALIVE_SECONDS = 15.0
_log = structlog.get_logger(__name__)


@dataclass(eq=False)
class Listener:
    """One open stream; None in its queue ends it."""

    news: "asyncio.Queue[Rows | None]" = field(default_factory=lambda: asyncio.Queue(_MOST_WAITING))

    def offer(self, rows: Rows | None) -> None:
        """Hand it news; one that does not keep up is ended, and resumes from where it was."""
        try:
            self.news.put_nowait(rows)
        except asyncio.QueueFull:
            self.news.get_nowait()
            self.news.put_nowait(None)


class Window:
    """Which of the rows found are new, when each look goes back a little."""

    def __init__(self, since_ms: int) -> None:
        self.since_ms = since_ms
        self.read_on: Place | None = None  # the end of a full page: there is more after it
        self._seen: OrderedDict[str, int] = OrderedDict()

    @property
    def after(self) -> Place:
        """Where the next page begins."""
        return self.read_on or Place(self.since_ms)

    def page(self, rows: Rows) -> Rows:
        """Those of a page read from `after` that were not here before; only after one that is not full it goes back."""
        self.read_on = Place.of(rows[-1]) if len(rows) >= _MOST_AT_ONCE else None
        return self.fresh(rows)

    def fresh(self, rows: Rows) -> Rows:
        """Those that were not here before."""
        found = [row for row in rows if id_of(row) not in self._seen]
        for row in found:
            self._seen[id_of(row)] = row["stored_ms"]
        if rows:
            self.since_ms = max(self.since_ms, rows[-1]["stored_ms"] - OVERLAP_MS)
        while self._seen and next(iter(self._seen.values())) < self.since_ms:
            self._seen.popitem(last=False)
        return found


class LiveHub:
    """All open streams of this process, by workspace."""

    def __init__(self, clicks: AnalyticsReader, conversions: ConversionReader, now: Callable[[], datetime]) -> None:
        self._clicks = clicks
        self._conversions = conversions
        self._now = now
        self._listeners: dict[int, set[Listener]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._stopped = False

    def join(self, workspace_id: int) -> Listener:
        """Listen to a workspace; raises TooManyRequests."""
        here = self._listeners.get(workspace_id, set())
        if len(here) >= MOST_OF_A_WORKSPACE or sum(map(len, self._listeners.values())) >= MOST_LISTENERS:
            raise TooManyRequests("As many live feeds as may be are open: close one first.")
        listener = Listener()
        if self._stopped:  # a request that was on its way
            listener.offer(None)
        self._listeners.setdefault(workspace_id, set()).add(listener)
        if workspace_id not in self._tasks:
            self._tasks[workspace_id] = asyncio.create_task(self._watch(workspace_id))
        return listener

    async def leave(self, workspace_id: int, listener: Listener) -> None:
        """Listen no more; the last one ends the looking."""
        here = self._listeners.get(workspace_id, set())
        here.discard(listener)
        if not here:
            self._listeners.pop(workspace_id, None)
            if (task := self._tasks.pop(workspace_id, None)) is not None:
                task.cancel()

    def stop(self) -> None:
        """End every stream, and those that are asked for from now on: the process ends."""
        self._stopped = True
        for here in self._listeners.values():
            for listener in here:
                listener.offer(None)

    def now_ms(self) -> int:
        """Unix milliseconds."""
        return int(self._now().timestamp() * 1000)

    async def newest(self, workspace_id: int, after: Place) -> Rows:
        """A page of what ClickHouse took after a place, the first ones first."""
        clicks = await self._clicks.newest(workspace_id, after, _MOST_AT_ONCE, COLUMNS)
        # A conversion looks the same in both reckonings, but for its click: that of the last one is shown.
        came = await self._conversions.newest(workspace_id, "last", after, _MOST_AT_ONCE, CONVERSION_COLUMNS)
        return sorted([*clicks, *came], key=Place.of)[:_MOST_AT_ONCE] if came else clicks

    async def _watch(self, workspace_id: int) -> None:
        window = Window(self.now_ms() - OVERLAP_MS)
        while True:
            try:
                await self._look(workspace_id, window)
            except ClickHouseUnavailable as error:
                _log.warning("live_feed_waits", error=str(error)[:300])
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, workspace_id: int, window: Window) -> None:
        async for fresh in self.pages(workspace_id, window):
            for listener in list(self._listeners.get(workspace_id, ())):
                listener.offer(fresh)

    async def pages(self, workspace_id: int, window: Window) -> AsyncIterator[Rows]:
        """All that is new in a window, page by page; raises ClickHouseUnavailable."""
        while True:
            if fresh := window.page(await self.newest(workspace_id, window.after)):
                yield fresh
            if window.read_on is None:
                return


@dataclass(frozen=True, slots=True)
class LiveViews:
    """The endpoint, with what it needs."""

    hub: LiveHub
    links: LinkReader

    async def listen(self, request: Request) -> Response:
        actor = await authenticate(request)
        wanted = read_query(request, LiveQuery).event
        last = _last_event_ms(request.headers.get("Last-Event-ID", ""))
        listener = self.hub.join(actor.workspace_id)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        stream = self._stream(request, actor.workspace_id, listener, last, wanted)
        closing = partial(self.hub.leave, actor.workspace_id, listener)
        return Streamed(stream, closing, media_type="text/event-stream", headers=headers)

    async def _stream(
        self, request: Request, workspace_id: int, listener: Listener, last: int | None, wanted: str
    ) -> AsyncIterator[bytes]:
        began = self.hub.now_ms()
        window = Window(began)
        yield b"retry: 1000\n\n"
        if last is not None:
            window.since_ms = max(last - OVERLAP_MS, began - LONGEST_RESUME_MS)
            async for rows in self.hub.pages(workspace_id, window):
                yield await self._text(request, workspace_id, _only(rows, wanted))
        while self.hub.now_ms() < began + LONGEST_FEED_MS:
            try:
                news = await asyncio.wait_for(listener.news.get(), _KEEP_ALIVE_SECONDS)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if news is None:
                return
            if rows := _only(_not_before(began, window.fresh(news), resumed=last is not None), wanted):
                yield await self._text(request, workspace_id, rows)

    async def _text(self, request: Request, workspace_id: int, rows: Rows) -> bytes:
        clicks = [row for row in rows if _kind(row) == "click"]
        came = [row for row in rows if _kind(row) != "click"]
        events: dict[str, Any] = {}
        if clicks:
            events |= zip(map(id_of, clicks), await shown(request, self.links, workspace_id, clicks), strict=True)
        if came:
            events |= zip(
                map(id_of, came), await shown_conversions(request, self.links, workspace_id, came), strict=True
            )
        lines: list[Any] = []
        for row in rows:
            lines += [b"id: %d-%s" % (row["stored_ms"], id_of(row).encode()), b"event: " + _kind(row).encode()]
            lines += [b"data: " + msgspec.json.encode(events[id_of(row)]), b""]
        return b"\n".join([*lines, b""])


def _kind(row: dict[str, Any]) -> str:
    return str(row.get("event", "click"))


def _only(rows: Rows, wanted: str) -> Rows:
    return [row for row in rows if f"{_kind(row)}s" == wanted] if wanted else rows


def _not_before(began: int, rows: Rows, *, resumed: bool) -> Rows:
    """Without a place to resume from, a stream begins with what is stored after it was opened."""
    return rows if resumed else [row for row in rows if row["stored_ms"] >= began - LOOK_SECONDS * 1000]


def _last_event_ms(text: str) -> int | None:
    ms, _, _ = text.partition("-")
    if not text:
        return None
    if not (ms.isascii() and ms.isdigit() and len(ms) <= 15):  # noqa: PLR2004  # more is no time
        raise Unprocessable("Last-Event-ID: it is none that this feed gave.")
    return int(ms)
