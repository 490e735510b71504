"""All events of one workspace as NDJSON, CSV and Parquet: how fast they come, and whether origin's memory stays flat meanwhile.

`NEARHOP_BENCH_EXPORT=10000000 python -m bench export` says of how many events; as many by default.
"""

import os
import time
from itertools import pairwise
from typing import Any

from bench.installation import Installation, installation
from bench.loaded import loaded_home

EVENTS = int(os.environ.get("NEARHOP_BENCH_EXPORT", "10000000"))
FORMATS = ("ndjson", "csv", "parquet")
_SAMPLE_SECONDS = 0.25
_TENTHS = 10

Samples = list[tuple[int, int]]


def run() -> dict[str, Any]:
    """One format after the other, of one process."""
    loaded = loaded_home(EVENTS, workspaces=1)
    with installation(loaded.home) as origin:
        return {"events": EVENTS, "memory_mb_before": origin.memory_mb()["now"], **_export_all(origin)}


def _export_all(origin: Installation) -> dict[str, Any]:
    return {name: _export(origin, name) for name in FORMATS}


def _export(origin: Installation, name: str) -> dict[str, Any]:
    began = time.perf_counter()
    samples, lines = _read(origin, name)
    seconds = time.perf_counter() - began
    if name == "ndjson":
        assert lines == EVENTS, lines
    return {
        "seconds": round(seconds),
        "events_per_s": round(EVENTS / seconds),
        "megabytes": samples[-1][0] >> 20,
        "highest_memory_mb_of_each_tenth": _of_tenths(samples),
    }


def _read(origin: Installation, name: str) -> tuple[Samples, int]:
    """Read and throw away; gives bytes that had come and resident memory (MB), now and then, and how many lines there were."""
    came, lines, looked = 0, 0, 0.0
    samples: Samples = []
    with (
        origin.client() as client,
        client.stream("GET", "/events/export", params={"format": name, "interval": "all"}, timeout=600) as answer,
    ):
        answer.raise_for_status()
        for piece in answer.iter_raw():
            came += len(piece)
            lines += piece.count(b"\n")
            if time.monotonic() - looked > _SAMPLE_SECONDS:
                looked = time.monotonic()
                samples.append((came, origin.memory_mb()["now"]))
    samples.append((came, origin.memory_mb()["now"]))
    return samples, lines


def _of_tenths(samples: Samples) -> list[int]:
    """The highest memory while each tenth of the bytes came."""
    total = samples[-1][0]
    bounds = [total * tenth // _TENTHS for tenth in range(_TENTHS + 1)]
    return [
        max((memory for came, memory in samples if low < came <= high), default=0) for low, high in pairwise(bounds)
    ]
