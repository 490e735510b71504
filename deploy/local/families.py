"""A process and what it has started, as Linux tells it."""

import contextlib
import time
from pathlib import Path

_POLL_SECONDS = 0.005


def family(pid: int) -> list[int]:
    """The process and all its descendants, whatever groups they are in; the process alone where there is no /proc."""
    found = [pid]
    for parent in found:
        for thread in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):  # it has ended
                found.extend(map(int, thread.read_text(encoding="ascii").split()))
    return found


def wait_for_end(pids: list[int], seconds: float) -> bool:
    """Wait until none of them runs any more; False if some still do after that time."""
    end = time.monotonic() + seconds
    while any(map(_runs, pids)):
        if time.monotonic() > end:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _runs(pid: int) -> bool:
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
    except OSError:
        return False
    return after_name.split()[0] not in "ZX"  # one that is dead and has not been waited for yet holds nothing
