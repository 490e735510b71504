"""Appends to the newest segment of a spool, and says up to where it is safely on disk."""

import contextlib
import os
from collections.abc import Callable

from origin.clicks.segments import Position, Segments

# macOS has no fdatasync.
sync_data: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


class SegmentWriter:
    """Used by one thread at a time; `end` may be read from any."""

    def __init__(self, segments: Segments, segment_bytes: int, sync: Callable[[int], None] = sync_data) -> None:
        self._segments = segments
        self._segment_bytes = segment_bytes
        self._sync = sync
        self._handle: int | None = None
        newest = max(segments.numbers(), default=0)
        self.end = Position(newest, segments.size(newest))

    def write(self, data: bytes) -> None:
        """Append and sync, in a new segment where the present one is full; raises OSError, and then gives that one up."""
        try:
            if self._handle is None or self.end.offset >= self._segment_bytes:
                self._start_segment()
            assert self._handle is not None
            _write_all(self._handle, data)
            self._sync(self._handle)
        except OSError:
            self._drop_unsynced()
            raise
        self.end = Position(self.end.segment, self.end.offset + len(data))

    def close_segment(self) -> None:
        """The next write starts a new segment."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _start_segment(self) -> None:
        self.close_segment()
        number = max([self.end.segment, *self._segments.numbers()]) + 1
        self._handle = self._segments.create(number)
        self.end = Position(number, 0)

    def _drop_unsynced(self) -> None:
        if self._handle is not None:
            # What is not cut here is read by the drain: as a frame that the edge sends again, or as a torn one.
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, self.end.offset)
        with contextlib.suppress(OSError):
            self.close_segment()
        self._handle = None


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
