"""From the spool to rows: choosing what goes into one insert, reading it again after a crash, and enriching it."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import msgspec
import structlog

from origin.clicks import frames, metrics
from origin.clicks.bots import name_sweeps
from origin.clicks.enrich import Enricher, Origin
from origin.clicks.event import Batch, Click
from origin.clicks.frames import Frame
from origin.clicks.journal import Block
from origin.clicks.refused import RefusedClick, RefusedClicks
from origin.clicks.row import CAPPED, CLICK, DUPLICATE, ClickRow
from origin.clicks.segments import Position
from origin.clicks.spool import Spool

# Read ahead of the choice of a block. At least one frame always fits.
_READ_BYTES = 64 << 20
_read_batch = msgspec.json.Decoder(Batch).decode
_log = structlog.get_logger(__name__)


class BlockReader:
    """Reads one spool; used by the drain's thread."""

    def __init__(self, spool: Spool, clicks_per_block: int) -> None:
        self._spool = spool
        self._clicks_per_block = clicks_per_block

    def choose(self, position: Position) -> Block | None:
        """The next block from `position` on; None when everything is drained."""
        for segment in [number for number in self._spool.segments.numbers() if number >= position.segment]:
            start = Position(segment, position.offset if segment == position.segment else 0)
            if (block := self._choose_in(start)) is not None:
                return block
        return None

    def frames(self, block: Block) -> list[Frame]:
        """The batches of a block; the same ones whenever it is asked, unless the disk loses some in between."""
        data = self._spool.segments.read(Position(block.segment, block.start), block.end)
        found = []
        try:
            for frame in frames.walk(data, block.start):
                found.append(frame)  # noqa: PERF402  # those before a bad one are kept
        except frames.BadFrame as error:
            self._spool.cut(block.segment, error)
        return found

    def _choose_in(self, start: Position) -> Block | None:
        limit = min(self._spool.end_of(start.segment), start.offset + _READ_BYTES)
        data = self._spool.segments.read(start, limit)
        end, clicks = start.offset, 0
        try:
            for frame in frames.walk(data, start.offset):
                if clicks and clicks + frame.clicks > self._clicks_per_block:
                    break
                end, clicks = frame.end, clicks + frame.clicks
        except frames.BadFrame as error:
            # After good frames it is met again as the first of the next block, or it was the end of what was read.
            if end == start.offset:
                self._spool.cut(start.segment, error)
        return Block(start.segment, start.offset, end) if end > start.offset else None


class BlockRows:
    """Decodes and enriches the batches of a block; used by the drain's thread."""

    def __init__(self, enricher: Enricher, refused: RefusedClicks) -> None:
        self._enricher = enricher
        self._refused = refused

    def decode(self, block_frames: list[Frame]) -> list[tuple[Frame, Batch]]:
        """The batches, in the order of the spool."""
        read = ((frame, self._read(frame)) for frame in block_frames)
        return [(frame, batch) for frame, batch in read if batch is not None]

    def _read(self, frame: Frame) -> Batch | None:
        try:
            return _read_batch(frame.body)
        except ValueError as error:  # such as one that a newer release has spooled
            metrics.UNREADABLE.inc(frame.clicks)
            _log.error("spooled_batch_not_read", error=str(error))
            body = msgspec.json.encode(frame.body.decode(errors="replace"))
            self._refused.keep("", "", [RefusedClick(0, f"spooled batch: {error}")], [msgspec.Raw(body)])
            return None

    def rows(
        self,
        block_id: str,
        batches: list[tuple[Frame, Batch]],
        mine: set[str],
        capped: tuple[int, ...],
        keep_days: Mapping[int, int],
    ) -> list[ClickRow]:
        """A row for each click, in the order of the spool: of batches that are not `mine`, or come again, as duplicates."""
        with no_collection():
            return self._rows(block_id, batches, mine, capped, keep_days)

    def _rows(
        self,
        block_id: str,
        batches: list[tuple[Frame, Batch]],
        mine: set[str],
        capped: tuple[int, ...],
        keep_days: Mapping[int, int],
    ) -> list[ClickRow]:
        rows, left = list[ClickRow](), set(mine)
        for frame, batch in batches:
            origin = Origin(batch.batch_id, block_id, batch.edge, int(frame.received_at * 1000), keep_days)
            if batch.batch_id in left:
                left.remove(batch.batch_id)
                rows.extend(self._enriched(origin, batch))
            else:
                metrics.DUPLICATES.inc(len(batch.clicks))
                rows.extend(row._replace(verdict=DUPLICATE) for row in self._enriched(origin, batch))
        return [_cap(row, capped) for row in name_sweeps(rows)] if capped else name_sweeps(rows)

    def _enriched(self, origin: Origin, batch: Batch) -> Iterator[ClickRow]:
        for index, click in enumerate(batch.clicks):
            try:
                yield self._enricher.row(origin, click)
            except Exception as error:  # noqa: BLE001  # a click that no one foresaw may not hold up all others
                self._set_aside(origin, index, click, error)

    def _set_aside(self, origin: Origin, index: int, click: Click, error: Exception) -> None:
        metrics.UNREADABLE.inc()
        _log.error("click_not_enriched", batch=origin.batch_id, index=index, error=repr(error))
        events = [msgspec.Raw(msgspec.json.encode(click))]
        self._refused.keep(origin.batch_id, origin.edge, [RefusedClick(0, f"click {index}: {error!r}")], events)


@contextmanager
def no_collection() -> Iterator[None]:
    """Rows by the ten thousand, none of them in a cycle, would have Python look for cycles for half of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _cap(row: ClickRow, capped: tuple[int, ...]) -> ClickRow:
    return row._replace(verdict=CAPPED) if row.workspace_id in capped and row.verdict == CLICK else row
