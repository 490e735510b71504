"""How fast clicks are acknowledged by the spool, and drained into the embedded ClickHouse.

`python -m bench.clicks` prints it; `run` returns it for bench/results.json. Compare the ratios, not the absolutes.
"""

import asyncio
import json
import random
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from origin.clicks.pipeline import ClickPipeline, clickhouse_of
from origin.clicks.settings import ClickSettings
from origin.clicks.spool import Spool
from origin.settings import OriginSettings
from origin.storage.embedded_postgres import running
from origin.storage.engine import make_engine
from origin.storage.migrate import upgrade
from shared.click_event import ClickEvent, encode_batch

CLICKS = 100  # a batch
WRITERS = 64  # batches that wait for the disk at once
SPOOL_BATCHES = 6_000
SQLITE_BATCHES = 2_000
DRAIN_BATCHES = 1_500
_AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_{} like Mac OS X) AppleWebKit/605.1.15 Version/17.4 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:{}.0) Gecko/20100101 Firefox/124.0",
]


def run() -> dict[str, Any]:
    """All figures; takes less than a minute."""
    return asyncio.run(_run())


async def _run() -> dict[str, Any]:
    rng = random.Random(7)
    bodies = [_batch(rng, number) for number in range(DRAIN_BATCHES)]
    with tempfile.TemporaryDirectory(prefix="nearhop-bench-") as folder:
        spool = await _spool(Path(folder) / "spool", bodies)
        sqlite = await asyncio.to_thread(_sqlite, Path(folder) / "sqlite.db", bodies)
        drain = await _drain(Path(folder), bodies)
    return {
        "spool": spool,
        "sqlite_wal_full": sqlite,
        "spool_to_sqlite": round(spool["events_per_s"] / sqlite["events_per_s"], 2),
        "drain": drain,
    }


async def _spool(folder: Path, bodies: list[bytes]) -> dict[str, Any]:
    """Many requests at once, each waiting until its batch is on disk."""
    spool = Spool(folder, segment_bytes=16 << 20, max_bytes=8 << 30)
    spool.open()
    taken: list[float] = []
    numbers = iter(range(SPOOL_BATCHES))

    async def write() -> None:
        for number in numbers:
            start = time.perf_counter()
            await spool.append(1.0, CLICKS, bodies[number % len(bodies)])
            taken.append(time.perf_counter() - start)

    start = time.perf_counter()
    await asyncio.gather(*(write() for _ in range(WRITERS)))
    figures = _figures(taken, time.perf_counter() - start)
    figures["batches_per_sync"] = round(SPOOL_BATCHES / spool.commits, 1)
    spool.close()
    return figures


def _sqlite(path: Path, bodies: list[bytes]) -> dict[str, Any]:
    """The same bytes, a transaction a batch, as safe against a power cut as the spool."""
    database = sqlite3.connect(path, isolation_level=None)
    database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE batches (body BLOB)")
    taken = []
    begin = time.perf_counter()
    for number in range(SQLITE_BATCHES):
        start = time.perf_counter()
        database.execute("INSERT INTO batches VALUES (?)", (bodies[number % len(bodies)],))
        taken.append(time.perf_counter() - start)
    figures = _figures(taken, time.perf_counter() - begin)
    database.close()
    return figures


async def _drain(folder: Path, bodies: list[bytes]) -> dict[str, Any]:
    """From accepted batches to rows and rollups, everything on: claims in Postgres, enrichment, deduplication, syncs."""
    with running(folder / "postgres") as url:
        await asyncio.to_thread(upgrade, url)
        engine = make_engine(url)
        try:
            return await _drain_into(folder, engine, bodies)
        finally:
            await engine.dispose()


async def _drain_into(folder: Path, engine: AsyncEngine, bodies: list[bytes]) -> dict[str, Any]:
    settings, clicks = OriginSettings(home=folder / "home", secret_key="bench"), ClickSettings()  # noqa: S106  # of the bench
    clickhouse = clickhouse_of(settings, clicks)
    pipeline = ClickPipeline(settings, clicks, engine, clickhouse)
    await pipeline.start()
    start = time.perf_counter()
    receipts = await asyncio.gather(*(pipeline.intake.accept(body) for body in bodies))
    accepted = time.perf_counter() - start
    while not await pipeline.is_drained():  # noqa: ASYNC110  # the pipeline tells nobody, and need not
        await asyncio.sleep(0.01)
    seconds = time.perf_counter() - start
    count = (await clickhouse.query("SELECT sum(requests) AS n FROM link_counts WHERE link_id = 0"))[0]["n"]
    await pipeline.stop()
    assert count == sum(receipt.accepted for receipt in receipts) == len(bodies) * CLICKS
    return {"clicks": count, "accepted_per_s": round(count / accepted), "clicks_per_s": round(count / seconds)}


def _figures(taken: list[float], seconds: float) -> dict[str, Any]:
    ordered = sorted(taken)
    return {
        "events_per_s": round(len(taken) * CLICKS / seconds),
        "batches_per_s": round(len(taken) / seconds),
        "p50_ms": round(ordered[len(ordered) // 2] * 1000, 2),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 2),
    }


def _batch(rng: random.Random, number: int) -> bytes:
    return encode_batch(f"bench-{number}", "bench", [_click(rng, f"{number}-{index}") for index in range(CLICKS)])


def _click(rng: random.Random, name: str) -> ClickEvent:
    link = min(int(rng.paretovariate(0.8)), 3_000)
    return {
        "id": name,
        "at": int((time.time() - rng.random() * 3_600) * 1000),
        "link": link,
        "workspace": 1 + link % 3,
        "version": 1,
        "domain": "localhost",
        "code": f"c{link}",
        "url": f"https://example.com/{link}",
        "ip": f"{rng.randint(1, 223)}.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}",
        "user_agent": rng.choice(_AGENTS).format(rng.randint(100, 140)),
        "referer": rng.choice(["", "", "https://www.google.com/", "https://news.example.org/a", "https://t.co/x"]),
        "country": rng.choice(["DE", "US", "US", "FR", "GB", "IN", ""]),
        "language": "en-US,en;q=0.9",
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
