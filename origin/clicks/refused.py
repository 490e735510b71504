"""Clicks that could not be read, set aside with the reason: a JSON line each, in a file a day."""

import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog

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

    def _append(self, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if sum(path.stat().st_size for path in self._folder.iterdir()) + len(data) > self._max_bytes:
            raise OSError(
                f"{self._folder} holds {self._max_bytes} bytes of refused clicks already: look at them and delete them"
            )
        with (self._folder / f"{datetime.now(UTC):%Y-%m-%d}.jsonl").open("ab") as file:
            file.write(data)
