"""Redirects a second at the edge, against a Hono worker and bare redirects in JavaScript and Python.

All stand in one workerd and are loaded in turns, so that what else the machine does hits each of them. Ours and Hono's
record every click; the bare ones do nothing but redirect, and the one in Python is the ceiling of what Python reaches on this
runtime. Read the ratios: the absolutes are this machine's. `cpu_us` is what the runtime's process used for a redirect.
"""

import json
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench import turns
from bench.edge_processes import edge_environment, node
from bench.ports import unused_ports

CONTENDERS = ("edge", "hono", "bare", "bare_python")


def redirects(rounds: int = turns.ROUNDS, seconds: int = turns.SECONDS) -> dict[str, Any]:
    """Medians over the rounds: redirects a second, p50 and p99 in milliseconds, and the ratios."""
    with contenders() as (ports, process):
        for name in CONTENDERS:
            turns.load(ports[name], 1)  # caches and compiler are warm after it
        measured = [{name: with_cpu_time(process, ports[name], seconds) for name in CONTENDERS} for _ in range(rounds)]
    medians = {name: median([each[name] for each in measured]) for name in CONTENDERS}
    rates = {name: medians[name]["redirects_per_second"] for name in CONTENDERS}
    found: dict[str, Any] = {f"edge_to_{name}": round(rates["edge"] / rates[name], 2) for name in CONTENDERS[1:]}
    found |= {"bare_python_to_bare": round(rates["bare_python"] / rates["bare"], 2), **medians}
    return found | {"generator": "wrk" if turns.has_wrk() else "asyncio"}


@contextmanager
def contenders() -> Iterator[tuple[dict[str, int], int]]:
    """Start them; yields their ports, and the process id of what started them."""
    names = (*CONTENDERS, "sink", "kv")
    ports = dict(zip(names, unused_ports(len(names)), strict=True))
    with (
        edge_environment(ports["edge"], ports["kv"], ports["sink"]) as environment,
        node(environment, turns.WORKERS / "run.mjs", json.dumps(ports)) as process,
    ):
        yield ports, process


def with_cpu_time(process: int, port: int, seconds: int) -> dict[str, float]:
    """One turn, and the microseconds of CPU time that the runtime took for each redirect."""
    before = turns.descendants_cpu(process)
    found = turns.load(port, seconds)
    microseconds = (turns.descendants_cpu(process) - before) * 1e6
    return found | {"cpu_us": microseconds / (found["redirects_per_second"] * seconds)}


def median(found: list[dict[str, float]]) -> dict[str, float]:
    """Of each number by itself."""
    return {name: round(statistics.median(turn[name] for turn in found), 2) for name in found[0]}
