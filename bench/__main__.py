"""`python -m bench [NAME ...]`: run the benchmarks and write bench/results.json.

`edge` stands for all of its parts, `edge.memory` for one. Figures depend on the machine and its mood; the ratios, measured
side by side in one run, are what to quote.
"""

import json
import os
import platform
import sys
import time
from collections.abc import Callable
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
BENCHMARKS: dict[str, Callable[[], dict[str, Any]]] = {
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


def main(names: list[str]) -> int:
    unknown = [name for name in names if not parts(name)]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name in (part for given in names or BENCHMARKS for part in parts(given)):
        print(f"{name} …", flush=True)
        began = time.monotonic()
        at = datetime.now(UTC).isoformat(timespec="seconds")
        found = {"at": at, "machine": machine(), **BENCHMARKS[name]()}
        print(f"{json.dumps(found, indent=2)}\n{name}: {time.monotonic() - began:.0f} s", flush=True)
        group, _, part = name.partition(".")
        results[group] = results.get(group, {}) | {part: found} if part else found
        RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0


def parts(name: str) -> list[str]:
    """The benchmark of this name, or all whose names begin with it and a dot."""
    return [each for each in BENCHMARKS if each == name or each.startswith(f"{name}.")]


def machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
