"""Takes click batches from the edge: signature, bounds, each click on its own, then the spool."""

import time
from collections.abc import Callable

import anyio.to_thread
import msgspec

from origin.clicks import metrics
from origin.clicks.event import Batch, Click, RawBatch, check_time
from origin.clicks.refused import RefusedClick, RefusedClicks
from origin.clicks.spool import Spool
from shared.click_event import MAX_BYTES

_read_batch = msgspec.json.Decoder(Batch).decode
_read_raw_batch = msgspec.json.Decoder(RawBatch).decode
_read_click = msgspec.json.Decoder(Click).decode
_write_batch = msgspec.json.Encoder().encode


class BadBatch(ValueError):
    """The body is no click batch."""


class Receipt(msgspec.Struct):
    """How many clicks of a batch are safe on disk, and which are not and why."""

    accepted: int
    refused: list[RefusedClick]


class Intake:
    """One of these a process; `accept` may run many times at once."""

    max_bytes = MAX_BYTES

    def __init__(self, spool: Spool, refused: RefusedClicks, now: Callable[[], float] = time.time) -> None:
        self._spool = spool
        self._refused = refused
        self._now = now

    async def accept_again(self, body: bytes) -> Receipt:
        """The same for clicks that were set aside: what is refused again is not set aside once more."""
        return await self.accept(body, again=True)

    async def accept(self, body: bytes, *, again: bool = False) -> Receipt:
        """Spool the good clicks of a batch; when this returns they are on disk.

        Raises BadBatch for a body that is none, SpoolFull or SpoolBroken when it can't be kept.
        """
        now = self._now()
        kept, count, refused = body, 0, list[RefusedClick]()
        try:
            count = count_good(body, now)
        except ValueError:
            kept, count, refused = await self._sort(body, now, again=again)
        if count:
            await self._spool.append(now, count, kept)
        metrics.BATCHES.inc()
        metrics.ACCEPTED.inc(count)
        metrics.REFUSED.inc(len(refused))
        return Receipt(count, refused)

    async def _sort(self, body: bytes, now: float, *, again: bool) -> tuple[bytes, int, list[RefusedClick]]:
        try:
            raw = _read_raw_batch(body)
        except ValueError as error:  # msgspec's errors, and bytes that are no UTF-8
            raise BadBatch(f"not a click batch: {error}") from error
        good, refused = sort_clicks(raw.clicks, now)
        if not again:
            await anyio.to_thread.run_sync(self._refused.keep, raw.batch_id, raw.edge, refused, raw.clicks)
        return _write_batch(Batch(raw.batch_id, raw.edge, good)), len(good), refused


def sort_clicks(events: list[msgspec.Raw], now: float) -> tuple[list[Click], list[RefusedClick]]:
    """The clicks that can be read and are of our time, and what is wrong with the others."""
    good, refused = list[Click](), list[RefusedClick]()
    for index, event in enumerate(events):
        try:
            click = _read_click(event)
            check_time(click, now)
            good.append(click)
        except ValueError as error:
            refused.append(RefusedClick(index, str(error)))
    return good, refused


def count_good(body: bytes, now: float) -> int:
    """The number of clicks of a batch in which all is well; raises ValueError otherwise."""
    clicks = _read_batch(body).clicks
    for click in clicks:
        check_time(click, now)
    return len(clicks)
