"""`python bench/edge.py`: redirects a second at the edge, against a Hono worker and bare redirects in JavaScript and Python.

All stand in one workerd and are loaded in turns, so that what else the machine does hits each of them. Ours and Hono's
record every click; the bare ones do nothing but redirect, and the one in Python is the ceiling of what Python reaches on this
runtime. Read the ratios: the absolutes are this machine's. `cpu_us` is what the runtime's process used for a redirect.
"""

import asyncio
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
WORKERS = ROOT / "bench" / "workers"
sys.path.insert(0, str(ROOT))

from bench import edge_memory, edge_reads, http_load  # noqa: E402  # the path has to know the root first
from bench.edge_traffic import traffic  # noqa: E402
from bench.ports import unused_ports  # noqa: E402

ROUNDS = 4
SECONDS = 3
CONNECTIONS = 16
CONTENDERS = ("edge", "hono", "bare", "bare_python")


def run(rounds: int = ROUNDS, seconds: int = SECONDS) -> dict[str, Any]:
    """Medians over the rounds: redirects a second, p50 and p99 in milliseconds, and the ratios."""
    with contenders() as (ports, process):
        for name in CONTENDERS:
            load(ports[name], 1)  # caches and compiler are warm after it
        measured = [{name: with_cpu_time(process, ports[name], seconds) for name in CONTENDERS} for _ in range(rounds)]
    medians = {name: median([each[name] for each in measured]) for name in CONTENDERS}
    rates = {name: medians[name]["redirects_per_second"] for name in CONTENDERS}
    found: dict[str, Any] = {f"edge_to_{name}": round(rates["edge"] / rates[name], 2) for name in CONTENDERS[1:]}
    found |= {"bare_python_to_bare": round(rates["bare_python"] / rates["bare"], 2), **medians}
    found["origin_away"] = origin_away(rounds, seconds)
    found |= {"generator": "wrk" if _has_wrk() else "asyncio", "zipf": edge_reads.run()}
    return found | ({"memory": edge_memory.run()} if _has_wrk() else {})


def origin_away(rounds: int = ROUNDS, seconds: int = SECONDS) -> dict[str, Any]:
    """Our edge with an origin that takes its clicks, and with one that is gone, in turns; and the ratio of both."""
    turns: dict[str, list[dict[str, float]]] = {"with_origin": [], "without_origin": []}
    with contenders() as (ports, process), contenders() as (other_ports, other):
        stop_origin(other_ports["sink"])
        sides = {"with_origin": (process, ports["edge"]), "without_origin": (other, other_ports["edge"])}
        for runtime, port in sides.values():
            with_cpu_time(runtime, port, 1)  # caches and compiler are warm after it
        for _ in range(rounds):
            for name, (runtime, port) in sides.items():
                turns[name].append(with_cpu_time(runtime, port, seconds))
    found = {name: median(each) for name, each in turns.items()}
    rates = {name: each["redirects_per_second"] for name, each in found.items()}
    return {"without_to_with": round(rates["without_origin"] / rates["with_origin"], 2), **found}


@contextmanager
def contenders() -> Iterator[tuple[dict[str, int], int]]:
    """Start them; yields their ports, and the process id of what started them."""
    names = (*CONTENDERS, "sink", "kv")
    ports = dict(zip(names, unused_ports(len(names)), strict=True))
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "NEARHOP_HOME": home,
            "NEARHOP_EDGE_PORT": str(ports["edge"]),
            "NEARHOP_KV_API_PORT": str(ports["kv"]),
            "NEARHOP_ORIGIN_URL": f"http://127.0.0.1:{ports['sink']}",
        }
        process = subprocess.Popen(
            ["node", str(WORKERS / "run.mjs"), json.dumps(ports)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            while (line := process.stdout.readline()) != "ready\n":
                if not line:
                    raise SystemExit("The workers did not start; see above.")
            yield ports, process.pid
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def stop_origin(port: int) -> None:
    """From now on nobody takes clicks: they go to the queue."""
    urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/", method="DELETE"), timeout=10).close()


def with_cpu_time(process: int, port: int, seconds: int) -> dict[str, float]:
    """One turn, and the microseconds of CPU time that the runtime took for each redirect."""
    before = cpu_seconds(process)
    found = load(port, seconds)
    microseconds = (cpu_seconds(process) - before) * 1e6
    return found | {"cpu_us": microseconds / (found["redirects_per_second"] * seconds)}


def cpu_seconds(process: int) -> float:
    """What the descendants of a process have used so far; 0 where there is no /proc."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
        stats = [Path(f"/proc/{each}/stat").read_text(encoding="utf-8").rpartition(")")[2].split() for each in children]
    except OSError:
        return 0.0
    own = sum(int(each[11]) + int(each[12]) for each in stats) / os.sysconf("SC_CLK_TCK")
    return own + sum(cpu_seconds(int(each)) for each in children)


def load(port: int, seconds: int) -> dict[str, float]:
    """One turn of one contender; every answer must be a redirect."""
    if not _has_wrk():
        return asyncio.run(http_load.load(port, seconds, CONNECTIONS, traffic()))
    command = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "-s",
        str(WORKERS / "load.lua"),
        f"http://127.0.0.1:{port}/",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    rate, p50, p99, bad, broken = (float(text) for text in line.split()[1:])
    assert not bad, f"{bad:.0f} answers were no redirects"
    assert not broken, f"{broken:.0f} requests were not answered"
    return {"redirects_per_second": round(rate), "p50_ms": p50 / 1000, "p99_ms": p99 / 1000}


def _has_wrk() -> bool:
    return shutil.which("wrk") is not None


def median(turns: list[dict[str, float]]) -> dict[str, float]:
    """Of each number by itself."""
    return {name: round(statistics.median(turn[name] for turn in turns), 2) for name in turns[0]}


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
