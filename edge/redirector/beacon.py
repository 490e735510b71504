"""Clicks on their way to origin: buffered in the isolate, sent in batches after the reply, to the queue where origin fails."""

import json
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass

from redirector.asked import Answer
from redirector.buffer import READ_AT, Buffer
from redirector.clicks import ClickWriter, Visit
from redirector.counters import Counters
from redirector.origin import Origin
from redirector.ports import Context, Refused, Response, Resting, Runtime, Unreachable
from redirector.settings import EdgeSettings
from shared.click_event import MAX_BYTES, MAX_CLICKS

_PAUSE_BEFORE_RETRY_SECONDS = 0.2
# A flush that was due this long ago has died with the request that was to do it.
_FLUSH_LOST_AFTER_SECONDS = 2.0
_BATCH_OVERHEAD_BYTES = 1_000  # what stands around the clicks
_LAST_POST_SECONDS = 1.0
# A request may work this long after its reply; a batch under way for longer has lost it.
_LONGEST_WAIT_UNTIL_SECONDS = 30.0


@dataclass(slots=True)
class Batch:
    """Clicks that were given an id; it stays theirs on every way they take."""

    batch_id: str
    body: bytes
    clicks: int
    since: float = 0.0  # when it was last taken up


class Beacon:
    """The isolate's buffer. Requests share its data and nothing else: each flush awaits in a request of its own."""

    def __init__(
        self,
        runtime: Runtime,
        origin: Origin,
        settings: EdgeSettings,
        counters: Counters,
        beside: Callable[[Context], None] = lambda _: None,
    ) -> None:
        """`beside` is told of each request that works on after its reply anyway, about one a second."""
        self.isolate = runtime.random_name()
        self.draining = False
        self._runtime = runtime
        self._origin = origin
        self._settings = settings
        self._counters = counters
        self._beside = beside
        writer = ClickWriter(self.isolate, settings.click_ip, settings.privacy_signals)
        self._buffer = Buffer(runtime, writer, counters)
        self.unread = self._buffer.unread
        self._under_way: dict[str, Batch] = {}
        self._held: deque[Batch] = deque()  # neither origin nor the queue took these
        self._held_bytes = 0
        self._batches = 0
        self._ids = 0
        self.armed_until = 0.0
        self._full_at = MAX_CLICKS

    def recorded(self, visit: Visit, response: Response, context: Context) -> Answer:
        """Take a visit; the reply."""
        self.unread.append(visit)
        return self.see_to(visit[0], response, context)

    def see_to(self, now: float, response: Response, context: Context) -> Answer:
        """The reply, from a request that may have to read what has gathered or to send it (before its reply while all ends)."""
        if now < self.armed_until and len(self.unread) < READ_AT:
            return response
        self._buffer.read()
        if now < self.armed_until and len(self._buffer) < self._full_at:
            return response
        self._drop_surplus()
        if self.draining:
            return self._drain_and_reply(response)
        self._runtime.defer(context, self._next_flush(now))
        self._beside(context)
        return response

    async def _drain_and_reply(self, response: Response) -> Response:
        await self.drain()
        return response

    def new_id(self) -> str:
        """An id for a visit that is told it before it is written, or for a claim."""
        self._ids += 1
        return f"{self.isolate}-t{self._ids}"

    def _next_flush(self, now: float) -> Coroutine[None, None, None]:
        """What this request shall do: flush at once where a batch is full, else once the delay has passed."""
        if len(self._buffer) >= self._full_at:  # beside the one that waits for its time, which goes on waiting
            self._full_at = len(self._buffer) + MAX_CLICKS
            return self.flush()
        delay = self._settings.click_delay_seconds
        self.armed_until = now + delay + _FLUSH_LOST_AFTER_SECONDS
        return self._flush_after(delay)

    async def _flush_after(self, seconds: float) -> None:
        await self._runtime.sleep(seconds)
        self.armed_until = 0.0
        await self.flush()

    async def flush(self) -> None:
        """Send what is buffered, batch by batch."""
        # Visits that come while these are on their way arm a flush of their own, else this one would send them one by one.
        self._buffer.read()
        waiting = len(self._buffer)
        self._full_at = MAX_CLICKS
        await self._send_held(self._to_origin)
        while waiting > 0:
            batch = self._take()
            if not batch.clicks:
                break
            waiting -= batch.clicks
            await self._hand_over(batch, self._to_origin)

    async def drain(self) -> None:
        """The isolate is about to end: from now on each visit is handed over before it is answered, and so is all the rest."""
        self.draining = True
        self.armed_until = 0.0
        abandoned = list(self._under_way.values())  # their requests may end with the isolate; a batch may arrive twice
        await self._send_held(self._to_origin_once)
        while self._buffer:
            self._buffer.read()
            await self._hand_over(self._take(), self._to_origin_once)
        for batch in abandoned:
            if batch.batch_id in self._under_way:
                await self._to_queue(batch)

    @property
    def visits(self) -> int:
        """How many were recorded since the isolate started."""
        return self._counters.clicks_kept + len(self._buffer)

    def gauges(self) -> dict[str, int]:
        """What waits right now."""
        return {
            "clicks_buffered": len(self._buffer),
            "clicks_under_way": sum(each.clicks for each in self._under_way.values()),
            "clicks_held": sum(each.clicks for each in self._held),
        }

    async def _send_held(self, to_origin: Callable[[Batch], Awaitable[bool]]) -> None:
        self._take_back_lost()
        for _ in range(len(self._held)):
            if not self._held:  # another flush, at the same time, took the rest
                return
            batch = self._held.popleft()
            self._held_bytes -= len(batch.body)
            await self._hand_over(batch, to_origin)

    def _take(self) -> Batch:
        """The next batch, cut where the message would grow too large."""
        clicks = self._buffer.take(MAX_CLICKS, MAX_BYTES - _BATCH_OVERHEAD_BYTES)
        self._counters.clicks_kept += len(clicks)
        self._batches += 1
        batch_id = f"{self.isolate}-{self._batches}"
        # So origin knows, without asking, what became of this isolate's clicks before these.
        counters = json.dumps(self._counters.as_dict(), separators=(",", ":"))
        head = f'"batch_id":"{batch_id}","edge":"{self.isolate}","counters":{counters}'
        body = f'{{{head},"clicks":[{",".join(clicks)}]}}'
        return Batch(batch_id, body.encode(), len(clicks))

    def _take_back_lost(self) -> None:
        oldest = self._runtime.now() - _LONGEST_WAIT_UNTIL_SECONDS
        for batch in [each for each in self._under_way.values() if each.since < oldest]:
            del self._under_way[batch.batch_id]
            self._hold(batch)

    def _hold(self, batch: Batch) -> None:
        self._held.append(batch)
        self._held_bytes += len(batch.body)

    async def _hand_over(self, batch: Batch, to_origin: Callable[[Batch], Awaitable[bool]]) -> None:
        if not batch.clicks:
            return
        batch.since = self._runtime.now()
        self._under_way[batch.batch_id] = batch
        try:
            if await to_origin(batch):
                self._counters.clicks_sent += batch.clicks
            elif not await self._to_queue(batch):
                self._hold(batch)
        finally:
            self._under_way.pop(batch.batch_id, None)

    async def _to_origin(self, batch: Batch) -> bool:
        """A failure that may be over in a moment is followed by a second try, with the same id."""
        if (taken := await self._posted(batch, None)) is None:
            await self._runtime.sleep(_PAUSE_BEFORE_RETRY_SECONDS)
            taken = await self._posted(batch, None)
        return bool(taken)

    async def _to_origin_once(self, batch: Batch) -> bool:
        return bool(await self._posted(batch, _LAST_POST_SECONDS))

    async def _posted(self, batch: Batch, seconds: float | None) -> bool | None:
        """Whether origin has it now; None where it failed."""
        try:
            await self._origin.post_clicks(batch.body, seconds)
        except (Resting, Refused):
            return False
        except Unreachable:
            self._counters.origin_failures += 1
            return None
        return True

    async def _to_queue(self, batch: Batch) -> bool:
        try:
            await self._runtime.queue_send(batch.body)
        except Unreachable:
            return False
        self._counters.clicks_queued += batch.clicks
        return True

    def _drop_surplus(self) -> None:
        """Keep the bounds, oldest visits first out."""
        most_events, most_bytes = self._settings.click_buffer_events, self._settings.click_buffer_bytes
        held = sum(each.clicks for each in self._held)
        while self._held and (held > most_events or self._held_bytes > most_bytes):
            batch = self._held.popleft()
            held -= batch.clicks
            self._held_bytes -= len(batch.body)
            self._counters.clicks_dropped += batch.clicks
        while len(self._buffer) + held > most_events or self._buffer.bytes + self._held_bytes > most_bytes:
            self._buffer.drop()
            self._counters.clicks_kept += 1
            self._counters.clicks_dropped += 1
