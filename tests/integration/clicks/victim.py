"""Run as a program: takes batches and drains them, and kills itself with -9 at the point that it is told.

Usage: victim.py HOME DATABASE_URL POINT NTH [LINK WORKSPACE]. With the point "none" it drains everything and prints the
counts as JSON. All clicks are of the link that is named, else of three links that nobody has.
"""

import asyncio
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from origin.clicks.blocks import BlockRows
from origin.clicks.claims import BatchClaims
from origin.clicks.journal import Journal
from origin.clicks.link_caps import LinkCaps
from origin.clicks.segment_writer import SegmentWriter
from origin.clicks.segments import Segments
from origin.storage.clickhouse import ClickHouse
from origin.storage.engine import make_engine
from shared.click_event import encode_batch
from tests.integration.clicks.support import event, running

BATCHES = 60
CLICKS = 20
COUNTS = {
    "raw": "SELECT count() FROM clicks WHERE verdict != 'duplicate'",
    "distinct": "SELECT uniqExact(click_id) FROM clicks",
    "link_counts": "SELECT sum(requests) FROM link_counts WHERE link_id = 0 AND verdict != 'duplicate'",
    "countries": "SELECT sum(clicks) FROM dimension_spans WHERE span = 'day' AND dimension = 'country'",
    "visitors": "SELECT uniqMerge(visitors) FROM visitor_days WHERE link_id = 0",
}
# name: (class, method, whether it dies before the call, after it, or some milliseconds into it)
POINTS = {
    "spooled": (SegmentWriter, "write", "after"),
    "prepared": (BlockRows, "prepare", "after"),
    "journaled": (Journal, "begin", "after"),
    "claimed": (BatchClaims, "claim", "after"),
    "inserting": (ClickHouse, "insert_arrow", "during"),
    "inserted": (ClickHouse, "insert_arrow", "after"),
    "counting": (LinkCaps, "count", "before"),
    "counted": (LinkCaps, "count", "after"),
    "finished": (Journal, "finish", "after"),
    "removing": (Segments, "remove", "before"),
}
# Reached with a link that has a cap alone.
WITH_A_CAP = {"closing": (LinkCaps, "close", "before")}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: str, nth: int) -> None:
    """Have the nth call of the point kill the process."""
    kind, name, moment = {**POINTS, **WITH_A_CAP}[point]
    method: Any = getattr(kind, name)
    calls = 0

    def entered() -> bool:
        nonlocal calls
        calls += 1
        if calls == nth and moment == "before":
            die()
        if calls == nth and moment == "during":
            threading.Timer(0.008, die).start()
        return calls == nth and moment == "after"

    def wrapped(*arguments: Any, **named: Any) -> Any:
        last = entered()
        result = method(*arguments, **named)
        if last:
            die()
        return result

    async def wrapped_async(*arguments: Any, **named: Any) -> Any:
        last = entered()
        result = await method(*arguments, **named)
        if last:
            die()
        return result

    setattr(kind, name, wrapped_async if asyncio.iscoroutinefunction(method) else wrapped)


def batch(number: int, prefix: str, named: dict[str, int]) -> bytes:
    others = [
        {"link": 1 + index % 3, "ip": f"203.0.113.{index}", "country": "DE", "at": now_ms(), **named}
        for index in range(CLICKS)
    ]
    events = [event(id=f"{prefix}-{number}-{index}", **each) for index, each in enumerate(others)]
    return encode_batch(f"{prefix}-{number}", "edge", events)


def now_ms() -> int:
    # One UTC day for all, or the number of visitors would change at midnight.
    return int(time.time() // 86_400 * 86_400 * 1000)


async def main(home: Path, database_url: str, point: str, nth: int, named: dict[str, int]) -> None:
    if point != "none":
        arm(point, nth)
    engine = make_engine(database_url)
    async with running(home, engine, clicks_per_insert=200, spool_segment_bytes=20_000) as stack:
        for number in range(BATCHES):  # each batch, as the edge does not know which ones were taken; one in five twice
            for _ in range(2 if number % 5 == 0 else 1):
                response = await stack.post(batch(number, home.name, named))
                assert response.status_code == 202
        await stack.drained()
        sys.stdout.write(json.dumps({name: await stack.scalar(query) for name, query in COUNTS.items()}) + "\n")
    await engine.dispose()


if __name__ == "__main__":
    given = dict(zip(("link", "workspace"), map(int, sys.argv[5:]), strict=False))
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), given))
