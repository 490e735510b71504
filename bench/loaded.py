"""Homes under bench/data whose ClickHouse holds millions of the generator's clicks; made once, then used again for a day.

`python -m bench.loaded CLICKS ...` makes them ahead, so that what is measured of them can wait for a quiet machine.
"""

import asyncio
import json
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench.click_generator.load import Loaded, Loader
from bench.click_generator.model import Model, Shape
from origin.storage.clickhouse import ClickHouse
from origin.storage.clickhouse_schema import FOLDER, migrate

DATA = Path(__file__).parent / "data"
HOURS = 91 * 24
_MEMORY_MB = 6_000
_OLDEST_SECONDS = 86_400


class LoadedHome(NamedTuple):
    """Where it is, the first hour after its clicks, and what loading it told."""

    home: Path
    end_hour: int
    facts: dict[str, Any]


def loaded_home(clicks: int, workspaces: int = Shape.workspaces) -> LoadedHome:
    """A home with so many clicks of the last 91 days. Tables of an older release are brought up to date."""
    home = DATA / (f"clicks-{clicks}" if workspaces == Shape.workspaces else f"clicks-{clicks}-in-{workspaces}")
    note = home / "loaded.json"
    wanted = {"schema": schema(), "clicks": clicks}
    found = json.loads(note.read_text(encoding="utf-8")) if note.exists() else None
    if found is None or time.time() - found["end_hour"] * 3600 > _OLDEST_SECONDS:
        found = _load_anew(home, clicks, workspaces)
    elif found["wanted"] != wanted:
        found["facts"] |= asyncio.run(_settle(home, clicks))
    note.write_text(json.dumps({**found, "wanted": wanted}), encoding="utf-8")
    return LoadedHome(home, found["end_hour"], found["facts"])


def _load_anew(home: Path, clicks: int, workspaces: int) -> dict[str, Any]:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    end_hour = int(time.time()) // 3600
    shape = Shape(clicks=clicks, first_hour=end_hour - HOURS, hours=HOURS, workspaces=workspaces)
    loaded = asyncio.run(_load(home, Model(shape)))
    facts = {"load_s": round(loaded.seconds), "loaded_per_s": round(loaded.clicks / loaded.seconds)}
    return {"end_hour": end_hour, "facts": facts | asyncio.run(_settle(home, clicks))}


async def _load(home: Path, model: Model) -> Loaded:
    async with migrated(home) as clickhouse:
        return await Loader(clickhouse, model).load(lambda done: print(f"  {done} clicks loaded", flush=True))


async def _settle(home: Path, clicks: int) -> dict[str, Any]:
    """Bring the tables up to date, let merges end, and say how large they are."""
    async with migrated(home) as clickhouse:
        await merge_all(clickhouse)
        sizes = await _sizes(clickhouse)
    total = sum(each["bytes"] for each in sizes.values())
    return {"disk_bytes_per_click": round(total / clicks, 1), "tables": sizes, "reopen_s": await _reopen(home)}


@asynccontextmanager
async def migrated(home: Path) -> AsyncIterator[ClickHouse]:
    """The ClickHouse of a home, with all tables."""
    clickhouse = ClickHouse(home / "clickhouse", memory_mb=_MEMORY_MB)
    await clickhouse.open()
    try:
        await migrate(clickhouse)
        yield clickhouse
    finally:
        await clickhouse.close()


async def merge_all(clickhouse: ClickHouse) -> None:
    """Let the merges end that an installation would have had three months for."""
    await _merge(clickhouse)
    await _merge_past_months(clickhouse)


async def _merge(clickhouse: ClickHouse) -> None:
    end = time.monotonic() + 1_800
    while time.monotonic() < end:
        running = await clickhouse.query("SELECT count() AS n FROM system.merges")
        if not running[0]["n"]:
            return
        await asyncio.sleep(1)


async def _merge_past_months(clickhouse: ClickHouse) -> None:
    """Each month that is over into one part: the tables do so by themselves once its parts are a day old."""
    rows = await clickhouse.query(
        "SELECT table, partition FROM system.parts WHERE active AND database = currentDatabase()"
        " AND length(partition) = 6 AND toUInt32OrZero(partition) BETWEEN 1 AND toYYYYMM(now('UTC')) - 1"
        " GROUP BY table, partition HAVING count() > 1"
    )
    for row in rows:
        await clickhouse.command(f"OPTIMIZE TABLE {row['table']} PARTITION {row['partition']} FINAL", seconds=1_800)


async def _sizes(clickhouse: ClickHouse) -> dict[str, dict[str, int]]:
    rows = await clickhouse.query(
        "SELECT table, sum(rows) AS n, sum(bytes_on_disk) AS bytes FROM system.parts"
        " WHERE active AND database = currentDatabase() GROUP BY table ORDER BY table"
    )
    return {row["table"]: {"rows": row["n"], "bytes": row["bytes"]} for row in rows}


async def _reopen(home: Path) -> float:
    """Seconds from nothing to the first answer."""
    began = time.perf_counter()
    clickhouse = ClickHouse(home / "clickhouse")
    await clickhouse.open()
    await clickhouse.query("SELECT count() AS n FROM clicks")
    seconds = time.perf_counter() - began
    await clickhouse.close()
    return round(seconds, 2)


def schema() -> list[str]:
    """The names of the DDL's files."""
    return sorted(path.name for path in FOLDER.glob("[0-9]*.sql"))


if __name__ == "__main__":
    for each in sys.argv[1:]:
        print(json.dumps(loaded_home(int(each)).facts, indent=2))
