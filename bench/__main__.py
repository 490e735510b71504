"""`python -m bench [--short] [NAME ...]`: run the benchmarks and write bench/results.json.

`edge` stands for all of its parts, `edge.memory` for one. `--short` shows that they work: it takes a few seconds for each,
measures nothing worth keeping and keeps nothing. Figures depend on the machine and its mood; the ratios, measured
side by side in one run, are what to quote.
"""

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import (
    analytics,
    clicks,
    conversions,
    edge,
    edge_away,
    edge_memory,
    edge_packs,
    edge_reads,
    export,
    freshness,
    intake,
    links,
    postgres_clicks,
)

RESULTS = Path(__file__).parent / "results.json"
BENCHMARKS: dict[str, Callable[..., dict[str, Any]]] = {
    "edge.redirects": edge.redirects,
    "edge.origin_away": edge_away.run,
    "edge.zipf": edge_reads.run,
    "edge.memory": edge_memory.run,
    "edge.packs": edge_packs.run,
    "clicks": clicks.run,
    "intake": intake.run,
    "analytics": analytics.run,
    "postgres_clicks": postgres_clicks.run,
    "links": links.run,
    "conversions": conversions.run,
    "export": export.run,
    "freshness": freshness.run,
}


# Sizes of a short run.
SHORT: dict[str, dict[str, int]] = {
    "edge.redirects": {"rounds": 1, "seconds": 1},
    "edge.origin_away": {"rounds": 1, "seconds": 1},
    "edge.zipf": {"redirects": 2_000},
    "edge.memory": {"codes": 100, "seconds": 1},
    "edge.packs": {"rounds": 1, "seconds": 1},
}


def main(arguments: list[str]) -> int:
    """Run what is named; returns the exit code."""
    short, names = "--short" in arguments, [each for each in arguments if each != "--short"]
    there = SHORT if short else BENCHMARKS
    unknown = [name for name in names if not parts(name, there)]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(there)}.", file=sys.stderr)
        return 2
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name in (part for given in names or there for part in parts(given, there)):
        print(f"{name} …", flush=True)
        began = time.monotonic()
        at = datetime.now(UTC).isoformat(timespec="seconds")
        found = {"at": at, "machine": machine(), **BENCHMARKS[name](**(SHORT[name] if short else {}))}
        print(f"{json.dumps(found, indent=2)}\n{name}: {time.monotonic() - began:.0f} s", flush=True)
        if short:
            continue
        group, _, part = name.partition(".")
        results[group] = results.get(group, {}) | {part: found} if part else found
        RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0


def parts(name: str, there: Iterable[str] = BENCHMARKS) -> list[str]:
    """The benchmark of this name, or all whose names begin with it and a dot."""
    return [each for each in there if each == name or each.startswith(f"{name}.")]


def machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
