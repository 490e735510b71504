"""Accepted click batches on disk until ClickHouse has them.

Many requests wait for one disk write: a single thread appends all frames that have gathered and calls fdatasync once
("group commit"). An error of the disk stops the intake for a while and gives up the segment at hand, since after a failed
fsync nobody knows what of it is on disk. What was written and not acknowledged may be counted all the same: the edge sends
it again under the same batch id, which the drain counts once.
"""

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import structlog

from origin.clicks import frames
from origin.clicks.segments import Position, Segments
from origin.storage.folder_lock import FolderLock

_RETRY_SECONDS = 5.0
_MAX_WAITING_BYTES = 64 << 20
_TAKEN = "Process {owner} uses the click spool at {folder}: stop it, or give this one another NEARHOP_HOME."
_log = structlog.get_logger(__name__)


class SpoolRefuses(Exception):
    """The spool can't take clicks now; send them again later."""


class SpoolFull(SpoolRefuses):
    """The clicks that wait for ClickHouse have reached NEARHOP_SPOOL_MAX_BYTES."""


class SpoolBroken(SpoolRefuses):
    """The disk refused a write."""


class _Waiting(NamedTuple):
    frame: bytes
    done: asyncio.Future[None]


class Spool:
    """Append from the event loop, read from the drain's thread. `open` it before use, `close` it at the end."""

    def __init__(
        self, folder: Path, *, segment_bytes: int, max_bytes: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.segments = Segments(folder / "segments")
        self._lock = FolderLock(folder / "lock", _TAKEN.replace("{folder}", str(folder)))
        self._segment_bytes = segment_bytes
        self._max_bytes = max_bytes
        self._now = now
        self._wake = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._waiting_bytes = 0
        self._stored_bytes = 0
        self._closing = False
        self._active = 0
        self._handle: int | None = None
        self._durable = 0
        self._retry_at = 0.0
        self.problem = ""
        self.commits = 0
        self.arrived = asyncio.Event()

    def open(self) -> None:
        """Mend what a crash left and start the writer; raises FolderLocked. Call it on the event loop."""
        self._lock.acquire()
        self.segments.folder.mkdir(parents=True, exist_ok=True)
        self.segments.mend()
        self._active = max(self.segments.numbers(), default=0)
        self._durable = self.segments.size(self._active)
        self._stored_bytes = self.segments.total_bytes()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._write_forever, name="click-spool", daemon=True)
        self._thread.start()

    async def append(self, received_at: float, clicks: int, body: bytes) -> None:
        """Return once the batch is on disk; raises SpoolFull or SpoolBroken when it is not."""
        frame = frames.encode(received_at, clicks, body)
        waiting = _Waiting(frame, self._loop.create_future())
        with self._wake:
            self._refuse_if_needed(len(frame))
            self._waiting.append(waiting)
            self._waiting_bytes += len(frame)
            self._wake.notify()
        await waiting.done

    @property
    def stored_bytes(self) -> int:
        """Bytes on disk, those that ClickHouse has but whose segment still stands included."""
        return self._stored_bytes

    def end(self) -> Position:
        """The end of what is safely on disk."""
        with self._wake:
            return Position(self._active, self._durable)

    def end_of(self, number: int) -> int:
        """Readable bytes of one segment."""
        end = self.end()
        return end.offset if number == end.segment else self.segments.size(number)

    def forget_before(self, number: int) -> None:
        """Delete the segments below this one."""
        for each in self.segments.numbers():
            if each < number:
                freed = self.segments.size(each)
                self.segments.remove(each)
                with self._wake:
                    self._stored_bytes -= freed

    def seal(self) -> None:
        """Let the next append start a new segment, so that the present one can go once it is drained."""
        with self._wake:
            if not self._waiting:
                self._give_up_segment()

    def close(self) -> None:
        """Write what still waits, then end the writer thread and let another process have the folder."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        self._give_up_segment()
        self._lock.release()

    def _refuse_if_needed(self, size: int) -> None:
        if self._closing:
            raise SpoolBroken("origin is stopping")
        if self.problem and self._now() < self._retry_at:
            raise SpoolBroken(self.problem)
        if (
            self._stored_bytes + self._waiting_bytes + size > self._max_bytes
            or self._waiting_bytes > _MAX_WAITING_BYTES
        ):
            raise SpoolFull(str(SpoolFull.__doc__))

    def _write_forever(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._waiting or self._closing)
                group, self._waiting = self._waiting, []
                if not group:
                    return
                error = self._commit(group)
            with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
                self._loop.call_soon_threadsafe(self._answer, group, error)

    def _commit(self, group: list[_Waiting]) -> SpoolBroken | None:
        return None

    def _answer(self, group: list[_Waiting], error: SpoolBroken | None) -> None:
        for waiting in group:
            if waiting.done.done():
                continue  # its request was given up
            if error is None:
                waiting.done.set_result(None)
            else:
                waiting.done.set_exception(error)
        self.arrived.set()
