"""What an interrupted import leaves behind, so that the same command goes on where it stopped.

The journal is gone once an import came to its end: what keeps later runs from making links twice are the external ids.
"""

import fcntl
import hashlib
import json
import os
import uuid
from pathlib import Path
from typing import Any, Self, TextIO

from cli.errors import UsageError
from cli.importing.outcome import Result, Status


class Journal:
    """One file per input and account, locked while it is in use."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done: dict[int, Result] = {}
        # Names this import, resumed or not: the Idempotency-Key of each call is made of it.
        self.run = uuid.uuid4().hex
        self._file = _open(path)
        self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def add(self, results: list[Result]) -> None:
        """Note what is done; it is in the file when this returns."""
        lines = [
            {"line": each.line, "url": each.url, "status": each.status, "shortLink": each.short_link}
            for each in results
            if each.done
        ]
        self._write(lines)

    def finish(self) -> None:
        """The import came to its end."""
        self.path.unlink(missing_ok=True)

    def _read(self) -> None:
        self._file.seek(0)
        whole = 0
        for raw in self._file:
            entry = _entry(raw)
            if entry is None:
                break  # the process was killed in the middle of this line
            whole += len(raw.encode())
            if "run" in entry:
                self.run = entry["run"]
            else:
                self.done[entry["line"]] = Result(
                    entry["line"], entry["url"], Status(entry["status"]), short_link=entry["shortLink"]
                )
        os.truncate(self.path, whole)
        self._file.seek(0, os.SEEK_END)
        if not whole:
            self._write([{"run": self.run}])

    def _write(self, entries: list[dict[str, Any]]) -> None:
        self._file.writelines(json.dumps(entry) + "\n" for entry in entries)
        self._file.flush()


def journal_path(folder: Path, url: str, api_key: str, content: bytes) -> Path:
    """The journal of this content for this account: another file, address or workspace has another."""
    digest = hashlib.sha256(b"\0".join((url.encode(), api_key.encode(), hashlib.sha256(content).digest())))
    return folder / "imports" / f"{digest.hexdigest()[:24]}.nearhop-import.jsonl"


def _open(path: Path) -> TextIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(f"{path} can't be written ({error.strerror}): set XDG_STATE_HOME to another folder") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise UsageError("This file is being imported right now by another nearhop: let that one finish") from error
    return file


def _entry(raw: str) -> dict[str, Any] | None:
    if not raw.endswith("\n"):
        return None
    try:
        found = json.loads(raw)
    except ValueError:
        return None
    return found if isinstance(found, dict) and ("run" in found or "line" in found) else None
