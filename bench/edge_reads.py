"""What redirects cost beside themselves: KV reads and calls of origin a redirect, under Zipf traffic, by the edge's own code.

Time is the simulation's, so any rate can be looked at, and the counts are exact and the same on every machine. From them and
from Cloudflare's price list come the costs of a million redirects, beside those of the usual worker.
"""

import bisect
import itertools
import json
import random
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "edge")]

from redirector.handler import Edge  # noqa: E402  # the path has to know both roots first
from redirector.ports import Reply  # noqa: E402
from redirector.settings import EdgeSettings  # noqa: E402
from redirector.testing import Call, FakeRequest, FakeRuntime  # noqa: E402

LINKS = 100_000
REDIRECTS = 1_000_000
PER_SECOND = 1_000
# Cloudflare's prices beyond what a plan includes, in dollars a million (developers.cloudflare.com, Workers and KV pricing).
PRICE_REQUESTS, PRICE_KV_READS, PRICE_CPU_MS = 0.30, 0.50, 0.02
SETTINGS = {
    "defaults": {},
    "thrifty": {"fresh_seconds": 600.0, "stale_seconds": 3_000.0, "cache_entries": 100_000, "cache_bytes": 200_000_000},
}


class EveryLink(FakeRuntime):
    """A KV with every link; an origin that takes every batch."""

    def __init__(self) -> None:
        super().__init__(self.take)
        self.reads = 0
        self.posts = 0

    def take(self, _: Call) -> Reply:
        self.posts += 1
        self.calls.clear()
        return Reply(202, None, "{}")

    async def kv_get(self, key: str, seconds: float) -> str | None:
        assert seconds > 0
        self.reads += 1
        return None if key.endswith("/") else f"1.1.1.1.https://example.com/{key}"

    async def sleep(self, seconds: float) -> None:
        """Others are served meanwhile: the clock is the traffic's."""


def run(redirects: int = REDIRECTS, per_second: int = PER_SECOND) -> dict[str, Any]:
    """For each of SETTINGS: reads and subrequests a redirect, over all and over the second half, which begins warm."""
    found: dict[str, Any] = {"links": LINKS, "redirects": redirects, "per_second": per_second}
    for name, settings in SETTINGS.items():
        found[name] = simulate(EdgeSettings(edge_secret="bench", **settings), redirects, per_second)  # type: ignore[arg-type]  # noqa: S106  # no secret
    return found


def simulate(settings: EdgeSettings, redirects: int, per_second: int) -> dict[str, float]:
    """One isolate, visitors evenly spread over time."""
    runtime = EveryLink()
    edge = Edge(runtime, settings)
    links = zipf(redirects)
    waiting: list[tuple[float, Coroutine[Any, Any, None]]] = []
    middle: tuple[int, int] = (0, 0)
    for number, link in enumerate(links):
        runtime.clock += 1 / per_second
        if number == redirects // 2:
            middle = runtime.reads, runtime.posts
        reply = edge.fetch(FakeRequest(f"http://localhost/c{link}"), waiting)
        if isinstance(reply, Coroutine):
            finish(reply)
        # A flush sends what has come within a second.
        waiting.extend((runtime.clock + settings.click_delay_seconds, work) for work in runtime.deferred)
        runtime.deferred.clear()
        while waiting and waiting[0][0] <= runtime.clock:
            finish(waiting.pop(0)[1])
    for _, work in waiting:
        work.close()
    half = redirects - redirects // 2
    return {
        "kv_reads_per_redirect": round(runtime.reads / redirects, 4),
        "subrequests_per_redirect": round(runtime.posts / redirects, 4),
        "warm_kv_reads_per_redirect": round((runtime.reads - middle[0]) / half, 4),
        "warm_subrequests_per_redirect": round((runtime.posts - middle[1]) / half, 4),
        "dollars_per_million": round(PRICE_REQUESTS + PRICE_KV_READS * (runtime.reads - middle[0]) / half, 3),
        "dollars_per_million_usual": PRICE_REQUESTS + PRICE_KV_READS,
    }


def zipf(count: int) -> list[int]:
    """So many draws from LINKS links, the n-th n times as rare as the first; always the same."""
    sums = list(itertools.accumulate(1 / rank for rank in range(1, LINKS + 1)))
    draw = random.Random(1)
    return [bisect.bisect_left(sums, draw.random() * sums[-1]) for _ in range(count)]


def finish(work: Coroutine[Any, Any, Any]) -> None:
    """Run what never waits for anything outside of the simulation."""
    try:
        while True:
            work.send(None)
    except StopIteration:
        return


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
