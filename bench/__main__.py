"""`python -m bench [NAME ...]`: run the benchmarks and write bench/results.json.

Figures depend on the machine and its mood; the ratios, measured side by side in one run, are what to quote.
"""

import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import analytics, clicks, edge, freshness, intake, links, postgres_clicks

RESULTS = Path(__file__).parent / "results.json"
BENCHMARKS: dict[str, Callable[[], dict[str, Any]]] = {
    "edge": edge.run,
    "clicks": clicks.run,
    "intake": intake.run,
    "analytics": analytics.run,
    "postgres_clicks": postgres_clicks.run,
    "links": links.run,
    "freshness": freshness.run,
}


def main(names: list[str]) -> int:
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        print(
            f"There is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}.", file=sys.stderr
        )
        return 2
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name in names or BENCHMARKS:
        print(f"{name} …", flush=True)
        results[name] = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            **BENCHMARKS[name](),
        }
        print(json.dumps(results[name], indent=2), flush=True)
        RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0


def machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
