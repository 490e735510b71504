"""Accepted click batches on disk until ClickHouse has them.

Many requests wait for one disk write: a single thread appends all frames that have gathered and syncs once ("group
commit"). An error of the disk stops the intake for a while and gives up the segment at hand, since after a failed sync
nobody knows what of it is on disk. What was written and not acknowledged may be counted all the same: the edge sends it
again under the same batch id, which the drain counts once.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import structlog

from origin.clicks import frames
from origin.clicks.segment_writer import SegmentWriter, sync_data
from origin.clicks.segments import Position, Segments
from origin.storage.folder_lock import FolderLock

_RETRY_SECONDS = 5.0
_MAX_WAITING_BYTES = 64 << 20
_TAKEN = "Process {owner} uses the click spool at {folder}: stop it, or give this one another NEARHOP_HOME."
_log = structlog.get_logger(__name__)


class SpoolRefuses(Exception):
    """The spool can't take clicks now; send them again later."""


class SpoolFull(SpoolRefuses):
    """The clicks that wait for ClickHouse fill the spool (NEARHOP_SPOOL_MAX_BYTES)."""


class SpoolBroken(SpoolRefuses):
    """The disk refused a write."""


class _Waiting(NamedTuple):
    frame: bytes
    done: asyncio.Future[None]


class Spool:
    """Append from the event loop, read from any thread. `open` it on the loop before use, `close` it at the end."""

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int,
        max_bytes: int,
        sync: Callable[[int], None] = sync_data,
        retry_seconds: float = _RETRY_SECONDS,
    ) -> None:
        self.segments = Segments(folder / "segments")
        self._lock = FolderLock(folder / "lock", _TAKEN.replace("{folder}", str(folder)))
        self._segment_bytes = segment_bytes
        self._max_bytes = max_bytes
        self._sync = sync
        self._retry_seconds = retry_seconds
        self._retry_at = 0.0
        self._wake = threading.Condition()  # guards the five below
        self._waiting: list[_Waiting] = []
        self._waiting_bytes = 0
        self._stored_bytes = 0
        self._seal = False
        self._closing = False
        self.problem = ""  # what the disk said, until it takes a write again
        self.commits = 0
        self.arrived = asyncio.Event()

    def reserve(self) -> None:
        """Make the folder this process's own; raises FolderLocked or another OSError. `open` does it too."""
        self._lock.acquire()

    def open(self) -> None:
        """Mend what a crash left and start the writer; raises FolderLocked or another OSError."""
        self._lock.acquire()
        self.segments.folder.mkdir(parents=True, exist_ok=True)
        self.segments.mend()
        self._writer = SegmentWriter(self.segments, self._segment_bytes, self._sync)
        self._stored_bytes = self.segments.total_bytes()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._write_forever, name="click-spool", daemon=True)
        self._thread.start()

    async def append(self, received_at: float, clicks: int, body: bytes) -> None:
        """Return once the batch is on disk; raises SpoolFull or SpoolBroken when it is not."""
        waiting = _Waiting(frames.encode(received_at, clicks, body), self._loop.create_future())
        with self._wake:
            self._refuse_if_needed(len(waiting.frame))
            self._waiting.append(waiting)
            self._waiting_bytes += len(waiting.frame)
            self._wake.notify()
        await waiting.done

    @property
    def stored_bytes(self) -> int:
        """Bytes on disk; a segment counts until it is removed whole."""
        return self._stored_bytes

    @property
    def end(self) -> Position:
        """The end of what is safely on disk."""
        return self._writer.end

    def end_of(self, segment: int) -> int:
        """Bytes of one segment that may be read."""
        end = self.end
        return end.offset if segment == end.segment else self.segments.size(segment)

    def forget_before(self, segment: int) -> None:
        """Delete the segments below this one."""
        for number in self.segments.numbers():
            if number >= segment:
                return
            freed = self.segments.size(number)
            self.segments.remove(number)
            with self._wake:
                self._stored_bytes -= freed

    def cut(self, segment: int, error: frames.BadFrame) -> bool:
        """Give up what follows a bad frame; False while the segment still grows (it is sealed first)."""
        if segment == self.end.segment:
            self.seal()
            return False
        self._account(0, -self.segments.cut(segment, error))
        return True

    def seal(self) -> None:
        """Have the next append start a new segment, so that this one can go once it is drained."""
        with self._wake:
            self._seal = True

    def close(self) -> None:
        """Write what still waits, end the writer and let another process have the folder."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        self._writer.close_segment()
        self._lock.release()

    def _refuse_if_needed(self, size: int) -> None:
        if self._closing:
            raise SpoolBroken("origin is stopping")
        if self.problem and time.monotonic() < self._retry_at:
            raise SpoolBroken(self.problem)
        if (
            self._stored_bytes + self._waiting_bytes + size > self._max_bytes
            or self._waiting_bytes > _MAX_WAITING_BYTES
        ):
            raise SpoolFull(str(SpoolFull.__doc__))

    def _write_forever(self) -> None:
        while group := self._next_group():
            error = self._commit(b"".join(waiting.frame for waiting in group))
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._answer, group, error)

    def _next_group(self) -> list[_Waiting]:
        with self._wake:
            self._wake.wait_for(lambda: self._waiting or self._closing)
            group, self._waiting = self._waiting, []
            if self._seal:
                self._seal = False
                self._writer.close_segment()
            return group

    def _commit(self, data: bytes) -> SpoolBroken | None:
        try:
            self._writer.write(data)
        except OSError as error:
            self.problem = f"the click spool can't write: {error}"
            self._retry_at = time.monotonic() + self._retry_seconds
            _log.error("spool_write_failed", error=str(error), retry_in=self._retry_seconds)
            self._account(len(data), 0)
            return SpoolBroken(self.problem)
        self.problem = ""
        self.commits += 1
        self._account(len(data), len(data))
        return None

    def _account(self, taken: int, stored: int) -> None:
        with self._wake:
            self._waiting_bytes -= taken
            self._stored_bytes += stored

    def _answer(self, group: list[_Waiting], error: SpoolBroken | None) -> None:
        for waiting in group:
            if waiting.done.done():
                continue  # its request was given up
            if error is None:
                waiting.done.set_result(None)
            else:
                waiting.done.set_exception(error)
        if error is None:
            self.arrived.set()
