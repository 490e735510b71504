"""What the edge's memory does through a million redirects over a million distinct codes, in the real runtime."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import turns
from bench.edge_processes import edge_environment, node
from bench.ports import unused_ports

CODES = 1_000_000
TURN_SECONDS = 10
_MEGA = 1_000_000


def run(codes: int = CODES, seconds: int = TURN_SECONDS) -> dict[str, Any]:
    """Resident memory of workerd in MB after a tenth of the codes and after all of them, and the latency of cold codes."""
    if not turns.has_wrk():
        return {"left_out": "wrk is not installed"}
    with many_links() as (port, pid):
        return _measure(port, pid, codes, seconds)


@contextmanager
def many_links(packed: int = 0) -> Iterator[tuple[int, int]]:
    """The edge in front of a KV that has every link, the first so many in packs too: its port, and the runtime's process."""
    edge, kv, sink = unused_ports(3)
    patience = {"NEARHOP_EDGE_KV_TIMEOUT_SECONDS": "5"}  # a stall of the machine is no failure of KV
    with (
        edge_environment(edge, kv, sink, **patience) as environment,
        node(environment, turns.WORKERS / "many.mjs", json.dumps({"sink": sink, "packed": packed})) as runner,
    ):
        yield edge, _workerd(runner)


def _measure(port: int, pid: int, codes: int, seconds: int) -> dict[str, Any]:
    before, done, sizes = resident(pid), 0, []
    found: dict[str, float] = {}
    while done < codes:
        found = turn(port, done, seconds)
        done += int(found.pop("requests"))
        sizes.append((done, resident(pid)))
        print(f"  {done} of {codes} codes, {sizes[-1][1]} MB, {found}", flush=True)
    tenth = next(size for count, size in sizes if count >= codes / 10)
    return {
        "distinct_codes": done,
        "rss_mb_at_start": before,
        "rss_mb_after_a_tenth": tenth,
        "rss_mb_most": max(size for _, size in sizes),
        "rss_mb_at_end": sizes[-1][1],
        "cold": found,
    }


def turn(port: int, first: int, seconds: int = TURN_SECONDS) -> dict[str, float]:
    """Some seconds of distinct codes after a number: how many, and their latency."""
    command = ["wrk", "-t1", f"-c{turns.CONNECTIONS}", f"-d{seconds}s", "-s", str(turns.WORKERS / "distinct.lua")]
    command += [f"http://127.0.0.1:{port}/", "--", str(first)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    requests, p50, p99, bad = (float(text) for text in line.split()[1:])
    assert not bad, f"{bad:.0f} requests were not answered with a redirect"
    return {"requests": requests, "p50_ms": p50 / 1000, "p99_ms": p99 / 1000}


def _workerd(runner: int) -> int:
    """The process that the runner started."""
    children = Path(f"/proc/{runner}/task/{runner}/children").read_text(encoding="ascii").split()
    found = [int(each) for each in children if "workerd" in Path(f"/proc/{each}/comm").read_text(encoding="ascii")]
    assert len(found) == 1, children
    return found[0]


def resident(pid: int) -> float:
    """Resident memory of a process in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / _MEGA, 1)
