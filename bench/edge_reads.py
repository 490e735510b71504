"""What redirects cost beside themselves: KV reads and calls of origin a redirect, under Zipf traffic, by the edge's own code.

Time is the simulation's, so any rate can be looked at, and the counts are exact and the same on every machine. From them and
from Cloudflare's price list come the costs of a million redirects, beside those of the usual worker.
"""

import bisect
import collections
import itertools
import json
import math
import random
import sys
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "edge")]

from kvsync.packs import cut  # noqa: E402  # the path has to know both roots first
from redirector.handler import Edge  # noqa: E402
from redirector.ports import Reply  # noqa: E402
from redirector.settings import EdgeSettings  # noqa: E402
from redirector.testing import Call, FakeRequest, FakeRuntime  # noqa: E402
from shared import base36  # noqa: E402
from shared.change_feed import FEED_KEY, MOST_CHANGES, FeedChange, Means, encode  # noqa: E402
from shared.link_packs import MOST_BYTES, PREFIX, pack_key  # noqa: E402
from shared.link_packs import encode as encode_pack  # noqa: E402

LINKS = 100_000
REDIRECTS = 1_000_000
PER_SECOND, QUIET_PER_SECOND = 1_000, 20
EDITS_PER_SECOND = 0.1
# Cloudflare's prices beyond what a plan includes, in dollars a million (developers.cloudflare.com, Workers and KV pricing).
PRICE_REQUESTS, PRICE_KV_READS, PRICE_KV_WRITES, PRICE_CPU_MS = 0.30, 0.50, 5.00, 0.02
# kvsync's defaults, and how late a location's copy of the feed may be.
HEARTBEAT_SECONDS, FEED_INTERVAL_SECONDS, FEED_LATE_SECONDS = 30.0, 2.0, 60.0
PACK_SECONDS, PACK_BYTES, PACKS_OLD_SECONDS = 600.0, 25_000_000, 300.0
SOONER = 0.1  # of PACK_SECONDS, while many changes come
MONTH_SECONDS = 30 * 86_400


class EveryLink(FakeRuntime):
    """A KV with every link, a change feed and packs of what was visited before; an origin that takes every batch."""

    def __init__(self, redirects: int) -> None:
        super().__init__(self.take)
        self.began = self.clock
        self.reads = 0
        self.posts = 0
        # The links that are visited most are edited most as well.
        self.edited = zipf(redirects, random.Random(2))
        self.packs = packs(redirects, self.clock - PACKS_OLD_SECONDS)

    def take(self, _: Call) -> Reply:
        self.posts += 1
        self.calls.clear()
        return Reply(202, None, "{}")

    async def kv_get(self, key: str, seconds: float, *, soon: bool = False) -> str | None:
        assert seconds > 0 or soon
        self.reads += 1
        if key == FEED_KEY:
            return self.feed()
        return None if key.endswith("/") else record(key)

    async def kv_get_bytes(self, key: str, seconds: float) -> bytes | None:
        assert seconds > 0
        assert key.startswith(PREFIX)
        self.reads += 1
        return self.packs.get(key)

    def feed(self) -> str:
        """As kvsync wrote it a minute ago: edits every ten seconds, signs of life between them."""
        at = self.clock - FEED_LATE_SECONDS
        at -= at % HEARTBEAT_SECONDS
        head = max(0, int((at - self.began) * EDITS_PER_SECOND))
        listed = range(max(0, head - MOST_CHANGES) + 1, head + 1)
        return encode(head, self.began - 3_600, at, (self.edit(number).line() for number in listed))

    def edit(self, number: int) -> FeedChange:
        """Versions begin after those that KV had before."""
        key, version = f"localhost/c{self.edited[number]}", number + 1
        return FeedChange(Means.VALUE, key, version, f"1.1.1.{base36.encode(version)}.https://example.com/{key}")

    async def sleep(self, seconds: float) -> None:
        """Others are served meanwhile: the clock is the traffic's."""


def run(redirects: int = REDIRECTS) -> dict[str, Any]:
    """Reads and subrequests a redirect, of an isolate's first million and of its second, and what they cost."""
    defaults = EdgeSettings(edge_secret="bench")  # noqa: S106  # no secret
    without_packs, without = replace(defaults, preload_bytes=0), replace(defaults, feed_seconds=0.0)
    return {
        "links": LINKS,
        "redirects": redirects,
        "edits_per_second": EDITS_PER_SECOND,
        "defaults": simulate(defaults, redirects, PER_SECOND),
        "quiet": simulate(defaults, redirects, QUIET_PER_SECOND),
        "without_packs": simulate(without_packs, redirects, PER_SECOND),
        "without_feed": simulate(without, redirects, PER_SECOND),
        "dollars_per_million_usual": PRICE_REQUESTS + PRICE_KV_READS,
        "feed": writes(),
    }


def simulate(settings: EdgeSettings, redirects: int, per_second: int) -> dict[str, Any]:
    """One isolate, visitors evenly spread over time: `redirects` from nothing on, then as many again."""
    runtime = EveryLink(redirects)
    edge = Edge(runtime, settings)
    waiting: list[tuple[float, Coroutine[Any, Any, None]]] = []
    marks = [(0, 0)]
    for number, link in enumerate(zipf(2 * redirects, random.Random(1))):
        if number == redirects:
            marks.append((runtime.reads, runtime.posts))
        runtime.clock += 1 / per_second
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
    marks.append((runtime.reads, runtime.posts))
    cold, steady = (
        spent(later[0] - earlier[0], later[1] - earlier[1], redirects) for earlier, later in itertools.pairwise(marks)
    )
    return {"per_second": per_second, "cold": cold, "steady": steady}


def spent(reads: int, posts: int, redirects: int) -> dict[str, float]:
    """A redirect's share, and the price of a million of them."""
    return {
        "kv_reads_per_redirect": round(reads / redirects, 5),
        "subrequests_per_redirect": round(posts / redirects, 5),
        "dollars_per_million": round(PRICE_REQUESTS + PRICE_KV_READS * reads / redirects, 3),
    }


def writes() -> dict[str, float]:
    """What kvsync writes more and what that costs a month: for the feed in quiet times and with ever new changes, for packs."""
    least, most = MONTH_SECONDS / HEARTBEAT_SECONDS, MONTH_SECONDS / FEED_INTERVAL_SECONDS
    packs_a_month = math.ceil(PACK_BYTES / MOST_BYTES) * MONTH_SECONDS / PACK_SECONDS
    edits = MONTH_SECONDS * min(1 / FEED_INTERVAL_SECONDS, EDITS_PER_SECOND)
    return {
        name: round(PRICE_KV_WRITES * count / 1_000_000, 2)
        for name, count in (
            ("dollars_a_month_without_changes", least),
            ("dollars_a_month_with_these_edits", max(least, edits)),
            ("dollars_a_month_at_most", most),
            ("dollars_a_month_of_packs", packs_a_month),
            ("dollars_a_month_of_packs_at_most", packs_a_month / SOONER),
        )
    }


def packs(redirects: int, at: float) -> dict[str, bytes]:
    """As kvsync writes them after so many redirects: links that nobody visited in those are not in them."""
    visited = collections.Counter(zipf(redirects, random.Random(3)))
    keys = [f"localhost/c{link}" for link, _ in visited.most_common()]
    lines = cut(((key, record(key)) for key in keys), PACK_BYTES)
    return {pack_key(n): encode_pack(at, len(lines), each).encode() for n, each in enumerate(lines)}


def record(key: str) -> str:
    """A link as KV has it."""
    return f"1.1.1.1.https://example.com/{key}"


def zipf(count: int, draw: random.Random) -> list[int]:
    """So many draws from LINKS links, the n-th n times as rare as the first."""
    sums = list(itertools.accumulate(1 / rank for rank in range(1, LINKS + 1)))
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
