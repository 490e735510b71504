"""What an earlier start left behind: a lock says whether it still runs, a file which processes outlived its end."""

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.local.errors import CannotStart
from shared.home import write_private

_PATIENCE_SECONDS = 8.0


@contextlib.contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the home's lock; the system frees it however the holder ends, so it is never stale."""
    run = home / "run"
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (run / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotStart(
                f"Nearhop already runs on {home}: stop it, or set NEARHOP_HOME to another folder."
            ) from error
        yield


def remember(home: Path, pids: dict[str, int]) -> None:
    """Write down who runs, each with its start time: a pid alone may be somebody else's by the next start."""
    rows = {name: {"pid": pid, "started": started(pid)} for name, pid in pids.items()}
    write_private(home / "run" / "processes.json", json.dumps(rows))


def read_pids(home: Path) -> dict[str, int]:
    """The pid of each process that the running start has noted."""
    rows = json.loads((home / "run" / "processes.json").read_text(encoding="utf-8"))
    return {name: row["pid"] for name, row in rows.items()}


def end_leftovers(home: Path) -> list[str]:
    """End the processes of a start that was killed; returns their names."""
    path = home / "run" / "processes.json"
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return []
    left = {name: row for name, row in rows.items() if row["started"] and started(row["pid"]) == row["started"]}
    for number in (signal.SIGTERM, signal.SIGKILL):
        _signal_all(left, number)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while _alive(left) and time.monotonic() < deadline:
            time.sleep(0.05)
    path.unlink()
    return sorted(left)


def started(pid: int) -> str | None:
    """When a process started, in the kernel's own count, or None where it has ended (or the system doesn't say)."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    state, start_time = after_name[0], after_name[19]
    return None if state == "Z" else start_time


def _alive(rows: dict[str, dict[str, Any]]) -> bool:
    return any(started(row["pid"]) == row["started"] for row in rows.values())


def _signal_all(rows: dict[str, dict[str, Any]], number: int) -> None:
    for row in rows.values():
        if started(row["pid"]) == row["started"]:
            with contextlib.suppress(ProcessLookupError):
                # Each was started as the leader of its own group.
                os.killpg(row["pid"], number)
