"""Each question of the dashboard at 10 and at 100 million clicks.

`NEARHOP_BENCH_CLICKS=10000000,100000000 python -m bench analytics` measures both sizes and their ratios; 10 million alone by
default. The data stays in bench/data for the next run, and `python -m bench.loaded` makes it ahead.
"""

import os
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import Any

import httpx

from bench.installation import Installation, installation
from bench.loaded import LoadedHome, loaded_home

SIZES = os.environ.get("NEARHOP_BENCH_CLICKS", "10000000")
LINKS = 20_000
REPEATS = 25
GROUPINGS = (
    "count", "timeseries", "countries", "cities", "referers", "channels", "browsers", "devices", "os", "triggers",
    "top_urls", "utm_campaigns", "top_links",
)  # fmt: skip
INTERVALS = ("24h", "30d", "90d")
GOAL_MS = 50.0
GOAL_RATIO = 1.5


def run() -> dict[str, Any]:
    """Every size, the sizes in turns so that what else the machine does hits each of them."""
    homes = {f"{int(size) // 1_000_000}M": loaded_home(int(size)) for size in SIZES.split(",")}
    return {"engine_import_s": _engine_import(), **ask_all(homes)}


def ask_all(homes: dict[str, LoadedHome]) -> dict[str, Any]:
    """Ask an origin on each home every question, over HTTP as the dashboard does. The first home is the smallest."""
    with ExitStack() as stack:
        origins = {size: stack.enter_context(installation(loaded.home)) for size, loaded in homes.items()}
        clients = {size: stack.enter_context(origin.client()) for size, origin in origins.items()}
        for origin in origins.values():
            origin.make_links(1, LINKS)
        ready = {size: origin.memory_mb()["now"] for size, origin in origins.items()}
        first = next(iter(homes))
        asked = questions(origins[first], clients[first])
        taken = {name: ask(clients, path, parameters) for name, path, parameters in asked}
        results: dict[str, Any] = {
            size: {
                **homes[size].facts,
                "origin_ready_s": round(origin.seconds_to_ready, 1),
                "memory_mb": {"ready": ready[size], "after_questions": origin.memory_mb()["highest"]},
                **summary({name: times[size] for name, times in taken.items()}),
            }
            for size, origin in origins.items()
        }
    if len(homes) > 1:
        results["largest_to_smallest"] = _ratios(taken, first, list(homes)[-1])
    return results


def summary(taken: dict[str, list[float]]) -> dict[str, Any]:
    """What to say of the seconds of each question's calls."""
    p95 = {name: _quantile(times, 95) for name, times in taken.items()}
    return {
        "questions_p50_ms": {name: _quantile(times, 50) for name, times in taken.items()},
        "questions_p95_ms": p95,
        "p50_of_all_ms": _quantile([each for times in taken.values() for each in times], 50),
        "p95_of_all_ms": _quantile([each for times in taken.values() for each in times], 95),
        "within_goal": f"{sum(value <= GOAL_MS for value in p95.values())} of {len(p95)}",
    }


def _ratios(taken: dict[str, dict[str, list[float]]], small: str, large: str) -> dict[str, Any]:
    """How many times as long the large one takes, by medians: a p95 of so few calls is the machine's mood."""
    ratios = {
        name: round(statistics.median(times[large]) / statistics.median(times[small]), 2)
        for name, times in taken.items()
    }
    within = sum(ratio <= GOAL_RATIO for ratio in ratios.values())
    return {
        "median": round(statistics.median(ratios.values()), 2),
        "within_goal": f"{within} of {len(ratios)}",
        "questions": ratios,
    }


def questions(origin: Installation, client: httpx.Client) -> list[tuple[str, str, dict[str, str]]]:
    """Name, path and parameters: of the whole workspace, the largest of 200, and of its most clicked link."""
    asked = [
        (f"{scope} {interval} {grouping}", "analytics", {"groupBy": grouping, "interval": interval, **parameters})
        for scope, parameters in (("workspace", {}), ("link", {"linkId": origin.link(1)}))
        for interval in INTERVALS
        for grouping in GROUPINGS
        if not (scope == "link" and grouping == "top_links")
    ]
    filtered = {"groupBy": "countries", "interval": "30d", "browser": "Chrome", "device": "Mobile"}
    asked.append(("workspace 30d countries, filtered by browser and device", "analytics", filtered))
    by_channel = {"groupBy": "countries", "interval": "30d", "channel": "search"}
    asked.append(("workspace 30d countries, filtered by channel", "analytics", by_channel))
    if "/events" in client.get("openapi.json").json()["paths"]:
        asked.append(("workspace 30d events, first page", "events", {"interval": "30d"}))
    return asked


def ask(clients: dict[str, httpx.Client], path: str, parameters: dict[str, str]) -> dict[str, list[float]]:
    """Seconds of each of some calls; the first, which warms connections and caches up, is left out."""
    taken: dict[str, list[float]] = {size: [] for size in clients}
    for _ in range(REPEATS + 1):
        for size, client in clients.items():
            began = time.perf_counter()
            answer = client.get(path, params={"event": "clicks", **parameters})
            taken[size].append(time.perf_counter() - began)
            answer.raise_for_status()
    return {size: times[1:] for size, times in taken.items()}


def _quantile(taken: list[float], percent: int) -> float:
    return round(statistics.quantiles(taken, n=100, method="inclusive")[percent - 1] * 1000, 1)


def _engine_import() -> float:
    """Seconds that importing the embedded ClickHouse takes a process."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import chdb"], check=True)
    return round(time.perf_counter() - began, 2)
