"""From the spool to rows: choosing what goes into one insert, reading it again after a crash, and enriching it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import msgspec
import structlog

from origin.clicks import frames, metrics
from origin.clicks.block_table import BlockTable
from origin.clicks.columns import BlockColumns
from origin.clicks.enrich import Enricher, Told
from origin.clicks.event import Batch
from origin.clicks.frames import Frame
from origin.clicks.journal import Block
from origin.clicks.refused import RefusedClick, RefusedClicks
from origin.clicks.segments import Position
from origin.clicks.spool import Spool

# Read ahead of the choice of a block, and so the most that one has: some hundred thousand clicks. One frame always fits.
_READ_BYTES = 64 << 20
_read_batch = msgspec.json.Decoder(Batch).decode
_log = structlog.get_logger(__name__)


class Chosen(NamedTuple):
    """A block and its batches. `full`: what comes after it belongs to another one."""

    block: Block
    frames: list[Frame]
    full: bool


class BlockReader:
    """Reads one spool; used by the drain's thread."""

    def __init__(self, spool: Spool, clicks_per_block: int) -> None:
        self._spool = spool
        self._clicks_per_block = clicks_per_block

    def next(self, position: Position, *, full: bool = False) -> Chosen | None:
        """The next block from `position` on; None when everything is drained. `full`: only one that could not grow."""
        numbers = [number for number in self._spool.segments.numbers() if number >= position.segment]
        for segment in numbers:
            start = Position(segment, position.offset if segment == position.segment else 0)
            if (chosen := self._choose_in(start)) is not None:
                return chosen if chosen.full or segment != numbers[-1] or not full else None
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

    def _choose_in(self, start: Position) -> Chosen | None:
        limit = min(self._spool.end_of(start.segment), start.offset + _READ_BYTES)
        data = self._spool.segments.read(start, limit)
        found, clicks, full = list[Frame](), 0, False
        try:
            for frame in frames.walk(data, start.offset):
                if found and clicks + frame.clicks > self._clicks_per_block:
                    full = True
                    break
                found.append(frame)
                clicks += frame.clicks
        except frames.BadFrame as error:
            # After good frames it is met again as the first of the next block, or it was the end of what was read.
            full = True
            if not found:
                self._spool.cut(start.segment, error)
        return Chosen(Block(start.segment, start.offset, found[-1].end), found, full) if found else None


class Prepared(NamedTuple):
    """A block as far as the spool alone says what it is. `heads` are its batches without their clicks."""

    block: Block
    table: BlockTable | None
    heads: list[Batch]
    oldest: float  # when its first batch was received, in unix seconds; 0 where it has none


class BlockRows:
    """Decodes and enriches the batches of a block; used by the drain's thread."""

    def __init__(self, enricher: Enricher, refused: RefusedClicks) -> None:
        self._enricher = enricher
        self._refused = refused

    def prepare(self, block: Block, block_frames: list[Frame]) -> Prepared:
        """All that can be done with a block before it is begun."""
        with no_collection():
            columns, heads = BlockColumns(self._enricher.enriched_by), list[Batch]()
            for frame in block_frames:
                if (batch := self._read(frame)) is not None:
                    batch, told = self._told(batch)
                    columns.add(int(frame.received_at * 1000), batch, told)
                    heads.append(msgspec.structs.replace(batch, clicks=[]))
            return Prepared(block, columns.table(), heads, block_frames[0].received_at if block_frames else 0.0)

    def _read(self, frame: Frame) -> Batch | None:
        try:
            return _read_batch(frame.body)
        except ValueError as error:  # such as one that a newer release has spooled
            metrics.UNREADABLE.inc(frame.clicks)
            _log.error("spooled_batch_not_read", error=str(error))
            body = msgspec.json.encode(bytes(frame.body).decode(errors="replace"))
            self._refused.keep("", "", [RefusedClick(0, f"spooled batch: {error}")], [msgspec.Raw(body)])
            return None

    def _told(self, batch: Batch) -> tuple[Batch, Told]:
        try:
            return batch, self._enricher.told(batch.clicks)
        except Exception:  # noqa: BLE001  # a click that no one foresaw may not hold up all others
            clicks = [click for index, click in enumerate(batch.clicks) if self._is_foreseen(batch, index)]
            return msgspec.structs.replace(batch, clicks=clicks), self._enricher.told(clicks)

    def _is_foreseen(self, batch: Batch, index: int) -> bool:
        """Whether a click can be enriched; one that can't is set aside."""
        try:
            self._enricher.told([batch.clicks[index]])
        except Exception as error:  # noqa: BLE001  # as above
            metrics.UNREADABLE.inc()
            _log.error("click_not_enriched", batch=batch.batch_id, index=index, error=repr(error))
            events = [msgspec.Raw(msgspec.json.encode(batch.clicks[index]))]
            self._refused.keep(batch.batch_id, batch.edge, [RefusedClick(0, f"click {index}: {error!r}")], events)
            return False
        return True


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
