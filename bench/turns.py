"""One turn of load on a port, and what processes used for it."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

from bench import http_load
from bench.edge_traffic import traffic

WORKERS = Path(__file__).parent / "workers"
ROUNDS, SECONDS = 4, 3
CONNECTIONS = 16


def load(port: int, seconds: int) -> dict[str, float]:
    """As many requests as are answered: redirects a second, p50 and p99 in milliseconds. Every answer must be a redirect."""
    if not has_wrk():
        return asyncio.run(http_load.load(port, seconds, CONNECTIONS, traffic()))
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(WORKERS / "load.lua")]
    command += [f"http://127.0.0.1:{port}/"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    rate, p50, p99, bad, broken = (float(text) for text in line.split()[1:])
    assert not bad, f"{bad:.0f} answers were no redirects"
    assert not broken, f"{broken:.0f} requests were not answered"
    return {"redirects_per_second": round(rate), "p50_ms": p50 / 1000, "p99_ms": p99 / 1000}


def has_wrk() -> bool:
    """Whether the machine has the load generator in C."""
    return shutil.which("wrk") is not None


def descendants_cpu(process: int) -> float:
    """CPU seconds that the descendants of a process have used so far; 0 where there is no /proc."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    except OSError:
        return 0.0
    return sum(own_cpu(int(each)) + descendants_cpu(int(each)) for each in children)


def own_cpu(process: int) -> float:
    """CPU seconds of a process itself; 0 where there is no /proc, or no such process any more."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
