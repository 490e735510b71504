"""Clicks that could not be read, set aside with the reason: a JSON line each, in a file a day.

Each origin process keeps its own, beside its spool, so that setting aside needs nothing but the disk.
"""

import re
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog

_ID = re.compile(r"(\d{4}-\d\d-\d\d)\.(\d{1,12})")
_log = structlog.get_logger(__name__)


class RefusedClick(msgspec.Struct):
    """What is wrong with the click at `index` of its batch."""

    index: int
    reason: str


class _Line(msgspec.Struct):
    at: float
    batch_id: str
    edge: str
    index: int
    reason: str
    event: msgspec.Raw


class _Owner(msgspec.Struct):
    workspace: int = 0


class DeadLetter(msgspec.Struct):
    """A click that was set aside. `workspace` is 0 where the click does not say whose it is."""

    id: str
    at: float  # unix seconds
    batch_id: str
    edge: str
    reason: str
    event: msgspec.Raw
    workspace: int
    replayed: bool


class RefusedClicks:
    """The folder of those files. Past `max_bytes` clicks are still refused and counted, and no longer kept."""

    def __init__(self, folder: Path, max_bytes: int = 64 << 20) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self.kept = 0
        self.not_kept = 0

    def keep(self, batch_id: str, edge: str, refused: list[RefusedClick], events: list[msgspec.Raw]) -> None:
        """Append the refused ones of a batch's events. A disk error is logged and counted: it may not cost the good ones."""
        now = time.time()
        lines = [_Line(now, batch_id, edge, each.index, each.reason, events[each.index]) for each in refused]
        try:
            with self._lock:
                self._append(msgspec.json.Encoder().encode_lines(lines))
            self.kept += len(lines)
        except OSError as error:
            self.not_kept += len(lines)
            _log.warning("refused_clicks_not_kept", clicks=len(lines), error=str(error))

    def letters(self, workspace: int | None = None) -> Iterator[DeadLetter]:
        """Those of one workspace, or all, the oldest first. Read line by line; a line that was cut off is passed over."""
        replayed = self._replayed()
        for path in sorted(self._folder.glob("????-??-??.jsonl")):
            offset = 0
            with path.open("rb") as file:
                for text in file:
                    letter = _letter(f"{path.stem}.{offset}", text, replayed)
                    offset += len(text)
                    if letter is not None and workspace in (None, letter.workspace):
                        yield letter

    def letter(self, name: str) -> DeadLetter | None:
        """The one with this id."""
        found = _ID.fullmatch(name)
        path = self._folder / f"{found[1]}.jsonl" if found else None
        if found is None or path is None or not path.exists():
            return None
        with path.open("rb") as file:
            file.seek(int(found[2]))
            return _letter(name, file.readline(), self._replayed())

    def mark_replayed(self, names: Iterable[str]) -> None:
        """Note that these were sent again."""
        with self._lock, (self._folder / "replayed").open("a", encoding="ascii") as file:
            file.writelines(f"{name}\n" for name in names)

    def _replayed(self) -> frozenset[str]:
        path = self._folder / "replayed"
        return frozenset(path.read_text(encoding="ascii").split()) if path.exists() else frozenset()

    def _append(self, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if sum(path.stat().st_size for path in self._folder.iterdir()) + len(data) > self._max_bytes:
            raise OSError(
                f"{self._folder} holds {self._max_bytes} bytes of refused clicks already: look at them and delete them"
            )
        with (self._folder / f"{datetime.now(UTC):%Y-%m-%d}.jsonl").open("ab") as file:
            file.write(data)


def _letter(name: str, text: bytes, replayed: frozenset[str]) -> DeadLetter | None:
    try:
        line = msgspec.json.decode(text, type=_Line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    try:
        workspace = msgspec.json.decode(line.event, type=_Owner).workspace
    except (msgspec.DecodeError, UnicodeDecodeError):  # no object, or no number
        workspace = 0
    return DeadLetter(name, line.at, line.batch_id, line.edge, line.reason, line.event, workspace, name in replayed)
