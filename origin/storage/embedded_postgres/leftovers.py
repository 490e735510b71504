"""What a killed Postgres leaves behind: processes that still hold the data folder, and lock files that name nobody.

Postgres believes a lock file whose process id is alive, whoever that is; after a restart of a container that is often
some other process. So the process is looked at, and a lock file of a stranger is removed.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from origin.storage.embedded_postgres.errors import CannotRun

_PROC = Path("/proc")


def clear(data: Path, socket_lock: Path) -> None:
    """Stop what is left of the Postgres of this data folder, and remove locks that name other processes.

    The caller holds the lock of the home, so no supervisor of this data folder is alive.
    """
    for number, seconds in ((signal.SIGINT, 8), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
        holders = list(_holders(data))
        if not holders:
            break
        for pid in holders:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        _wait_until_gone(data, seconds)
    if any(_holders(data)):
        raise CannotRun(f"A Postgres of {data} is left from before and can't be stopped: end its processes first.")
    for lock in (data / "postmaster.pid", socket_lock):
        pid = _pid_in(lock)
        if pid and _alive(pid):
            lock.unlink()


def _holders(data: Path) -> Iterator[int]:
    """Process ids of every Postgres process that works in this data folder."""
    if _PROC.is_dir():
        for entry in _PROC.iterdir():
            if entry.name.isdecimal() and _works_in(entry, data):
                yield int(entry.name)
        return
    pid = _pid_in(data / "postmaster.pid")
    if pid and str(data) in _command_line(pid):
        yield pid


def _works_in(process: Path, data: Path) -> bool:
    try:
        return (process / "cwd").readlink() == data and "postgres" in (process / "comm").read_text()
    except OSError:  # it has ended, or belongs to somebody else
        return False


def _command_line(pid: int) -> str:
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout  # noqa: S603  # a number


def _pid_in(lock: Path) -> int:
    """The process id in the first line; 0 for a file that is missing or damaged."""
    try:
        return abs(int(lock.read_text().split("\n", 1)[0]))
    except (OSError, ValueError):
        return 0


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _wait_until_gone(data: Path, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and any(_holders(data)):
        time.sleep(0.05)
