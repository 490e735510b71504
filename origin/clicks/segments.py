"""The segment files of a spool: numbered, only ever appended to, removed from the front."""

import os
from pathlib import Path
from typing import NamedTuple

import structlog

from origin.clicks import frames

_SUFFIX = ".seg"
_log = structlog.get_logger(__name__)


class Position(NamedTuple):
    """A place in the spool: the first byte that comes after it."""

    segment: int
    offset: int


class Segments:
    """The folder of segments. Damage is cut out and kept in `damaged/`; it never stops the rest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damaged_bytes = 0

    def numbers(self) -> list[int]:
        """Of the segments there are, the oldest first."""
        return sorted(int(path.stem) for path in self.folder.glob(f"*{_SUFFIX}"))

    def path(self, number: int) -> Path:
        """Where a segment is or would be."""
        return self.folder / f"{number:012d}{_SUFFIX}"

    def size(self, number: int) -> int:
        """Bytes of a segment; 0 when it is gone."""
        path = self.path(number)
        return path.stat().st_size if path.exists() else 0

    def total_bytes(self) -> int:
        """Of all segments."""
        return sum(self.size(number) for number in self.numbers())

    def create(self, number: int) -> int:
        """A descriptor to append to a new segment, whose name is on disk when this returns."""
        handle = os.open(self.path(number), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        sync_folder(self.folder)
        return handle

    def read(self, start: Position, end: int) -> bytes:
        """The bytes of one segment from `start` to `end`; fewer where the file is shorter."""
        with self.path(start.segment).open("rb") as file:
            file.seek(start.offset)
            return file.read(max(0, end - start.offset))

    def remove(self, number: int) -> None:
        """Delete a segment that ClickHouse has."""
        self.path(number).unlink(missing_ok=True)

    def mend(self) -> None:
        """Cut what a crash left unfinished at the end of the newest segment. No one was told that it is safe."""
        numbers = self.numbers()
        if not numbers:
            return
        data = self.read(Position(numbers[-1], 0), self.size(numbers[-1]))
        try:
            for _ in frames.walk(data):
                pass
        except frames.BadFrame as error:
            self.cut(numbers[-1], error)

    def cut(self, number: int, error: frames.BadFrame) -> int:
        """End a segment before a bad frame; returns by how many bytes. What may have been acknowledged is set aside."""
        lost = self.size(number) - error.offset
        if not error.torn:
            self._set_aside(number, error.offset)
            self.damaged_bytes += lost
        _log.warning("spool_segment_cut", segment=number, offset=error.offset, bytes=lost, torn=error.torn)
        with self.path(number).open("r+b") as file:
            file.truncate(error.offset)
            os.fsync(file.fileno())
        return lost

    def _set_aside(self, number: int, offset: int) -> None:
        folder = self.folder.parent / "damaged"
        folder.mkdir(exist_ok=True)
        data = self.read(Position(number, offset), self.size(number))
        (folder / f"{number:012d}-{offset}.bin").write_bytes(data)


def sync_folder(folder: Path) -> None:
    """Make names that were added or removed in a folder outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
