"""Clicks from intake to answer: how fast they come in, and each question of the dashboard at 10 and at 100 million clicks.

`NEARHOP_BENCH_CLICKS=10000000,100000000 python -m bench analytics` measures both sizes and their ratios; 10 million alone by
default. The data stays in bench/data for the next run.
"""

import os
import statistics
import subprocess
import sys
import time
from typing import Any

import httpx

from bench import intake
from bench.installation import Installation, installation
from bench.loaded import LoadedHome, loaded_home

SIZES = os.environ.get("NEARHOP_BENCH_CLICKS", "10000000")
LINKS = 20_000
REPEATS = 20
GROUPINGS = (
    "count", "timeseries", "countries", "cities", "referers", "channels", "browsers", "devices", "os", "triggers",
    "top_urls", "utm_campaigns", "top_links",
)  # fmt: skip
INTERVALS = ("24h", "30d", "90d")
GOAL_MS = 50.0


def run() -> dict[str, Any]:
    """The intake, then every size; the larger ones beside the smallest."""
    results: dict[str, Any] = {"engine_import_s": _engine_import(), "intake": intake.run()}
    sizes = sorted(int(size) for size in SIZES.split(","))
    for size in sizes:
        results[f"{size // 1_000_000}M"] = at_size(loaded_home(size))
    small, large = (results[f"{size // 1_000_000}M"]["questions_p95_ms"] for size in (sizes[0], sizes[-1]))
    if len(sizes) > 1:
        ratios = {name: round(large[name] / small[name], 2) for name in small}
        results["p95_large_to_small"] = {
            "worst": max(ratios.values()), "median": round(statistics.median(ratios.values()), 2), "all": ratios,
        }  # fmt: skip
    return results


def at_size(loaded: LoadedHome) -> dict[str, Any]:
    """Ask an origin on a loaded home every question, over HTTP as the dashboard does."""
    with installation(loaded.home) as origin, origin.client() as client:
        origin.make_links(1, LINKS)
        before = origin.memory_mb()
        taken = {name: _ask(client, path, parameters) for name, path, parameters in questions(origin, client)}
        memory = {"ready": before["now"], "after_questions": origin.memory_mb()["highest"]}
        seconds = origin.seconds_to_ready
    p95 = {name: _quantile(times, 95) for name, times in taken.items()}
    return {
        **loaded.facts,
        "origin_ready_s": round(seconds, 1),
        "memory_mb": memory,
        "p50_ms": _quantile([each for times in taken.values() for each in times], 50),
        "worst_p95_ms": max(p95.values()),
        "questions_within_goal": f"{sum(value <= GOAL_MS for value in p95.values())} of {len(p95)}",
        "questions_p95_ms": p95,
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
    if "/events" in client.get("openapi.json").json()["paths"]:
        asked.append(("workspace 30d events, first page", "events", {"interval": "30d"}))
    return asked


def _ask(client: httpx.Client, path: str, parameters: dict[str, str]) -> list[float]:
    """Seconds of each of some calls; the first, which warms connections and caches up, is left out."""
    taken = []
    for _ in range(REPEATS + 1):
        began = time.perf_counter()
        answer = client.get(path, params={**parameters, "event": "clicks"})
        taken.append(time.perf_counter() - began)
        answer.raise_for_status()
    return taken[1:]


def _quantile(taken: list[float], percent: int) -> float:
    return round(statistics.quantiles(taken, n=100, method="inclusive")[percent - 1] * 1000, 1)


def _engine_import() -> float:
    """Seconds that importing the embedded ClickHouse takes a process."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import chdb"], check=True)
    return round(time.perf_counter() - began, 2)
