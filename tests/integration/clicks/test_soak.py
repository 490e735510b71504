"""Exactly once, whatever is killed: real processes and a plain recount. `make soak` runs it with a million clicks."""

import asyncio
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.click_generator.model import Model, Shape
from origin.storage.clickhouse import ClickHouse
from tests.integration.clicks.fault_run import Edges, Recount, is_drained, recount, send_under_fire, sending_order
from tests.integration.clicks.processes import Child, clickhouse_server, origin
from tests.origin_app import EDGE_SECRET, SECRET_KEY

CLICKS = int(os.environ.get("NEARHOP_SOAK_CLICKS", "20000"))
LONG = CLICKS > 100_000
KILLS = 12 if LONG else 3  # of each process while it is sent to, and one more afterwards
DAYS = 5
pytestmark = pytest.mark.timeout(400 + CLICKS // 250)

# A batch that comes again in another block is kept as duplicates, beside what is counted.
BY_LINK = (
    "SELECT workspace_id, link_id, verdict, {count} AS n FROM {table} WHERE link_id != 0 AND verdict != 'duplicate'"
    " GROUP BY ALL"
)
DUPLICATES = "SELECT 'duplicates', count() FROM clicks WHERE verdict = 'duplicate'"
BY_HOUR = (
    "SELECT workspace_id, intDiv(toUnixTimestamp({time}), 3600) AS hour, {count} AS n FROM {table} WHERE {only}"
    " GROUP BY ALL"
)
COUNTRIES_RAW = "SELECT workspace_id, country, count() AS n FROM clicks WHERE verdict = 'click' GROUP BY ALL"
COUNTRIES = (
    "SELECT workspace_id, value, sum(clicks) AS n FROM dimension_spans"
    " WHERE dimension = 'country' AND span = 'day' GROUP BY ALL"
)
VISITORS_RAW = (
    "SELECT workspace_id, toString(toDate(timestamp)) AS day, {uniq}(visitor) AS n FROM clicks"
    " WHERE verdict = 'click' GROUP BY ALL"
)
VISITORS = (
    "SELECT workspace_id, toString(day) AS day, uniqMerge(visitors) AS n FROM visitor_days WHERE link_id = 0"
    " GROUP BY ALL"
)
LINK_VISITORS = (
    "SELECT link_id, uniqExact(visitor, toDate(timestamp)) AS n FROM clicks WHERE verdict = 'click' GROUP BY ALL"
)


async def test_every_click_is_counted_once_while_origin_and_its_clickhouse_are_killed(
    home: Path, postgres_url: str, free_port: Callable[[], int], tmp_path: Path
) -> None:
    process = origin(home, free_port(), tmp_path / "origin.log", environ(postgres_url))
    counted = await run(1, [process], [home], [process])
    await check(ClickHouse(home / "clickhouse", memory_mb=4000), counted)


async def test_every_click_is_counted_once_while_two_origins_and_their_server_are_killed(
    home: Path, postgres_url: str, free_port: Callable[[], int], tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/nearhop"
    server = clickhouse_server(tmp_path / "server", port, tmp_path / "server.log")
    await server.start()
    homes = [home / "one", home / "two"]
    settings = environ(postgres_url) | {"NEARHOP_CLICKHOUSE_URL": url}
    origins = [origin(each, free_port(), tmp_path / f"{each.name}.log", settings) for each in homes]
    try:
        counted = await run(2, origins, homes, [*origins, server])
        await check(ClickHouse(Path("unused"), url), counted)
    finally:
        await server.stop()


def environ(postgres_url: str) -> dict[str, str]:
    """Small blocks and segments, so that a kill hits every step of the way."""
    return {
        "NEARHOP_DATABASE_URL": postgres_url,
        "NEARHOP_EDGE_SECRET": EDGE_SECRET,
        "NEARHOP_SECRET_KEY": SECRET_KEY,
        "NEARHOP_CLICKS_PER_INSERT": "5000" if LONG else "1000",
        "NEARHOP_CLICK_LINGER_MS": "10",
        "NEARHOP_API_REQUESTS_LOG": "false",
        "NEARHOP_SPOOL_SEGMENT_BYTES": str(1 << 20),
    }


async def run(seed: int, origins: list[Child], homes: list[Path], victims: list[Child]) -> Recount:
    """Send everything under fire, let the drains end in peace, and count what was acknowledged.

    Each run has its own seed: both use one database, where the batches of the first are claimed.
    """
    model = Model(
        Shape(seed, CLICKS, int(time.time()) // 3600 - DAYS * 24, DAYS * 24, workspaces=6, links=400, regulars=50)
    )
    rng = random.Random(seed)
    edges = Edges(model, origins, EDGE_SECRET, rng)
    try:
        await asyncio.gather(*(child.start() for child in origins))
        order = sending_order(-(-CLICKS // 100), rng)
        await send_under_fire(edges, order, victims, KILLS, rng)
        while not all(is_drained(home) for home in homes):
            await asyncio.sleep(0.2)
    finally:
        await asyncio.gather(*(child.stop() for child in origins))
    assert edges.answered == len(order) > len(edges.acknowledged) == -(-CLICKS // 100)
    assert edges.resent > 0, "nothing was killed while it mattered"
    return recount(model, edges)


async def check(clickhouse: ClickHouse, counted: Recount) -> None:
    """Raw clicks and rollups, each against the recount."""
    await clickhouse.open()

    async def table(sql: str) -> dict[Any, int]:
        rows = [tuple(row.values()) for row in await clickhouse.query(sql, seconds=120)]
        return {row[:-1] if len(row) > 2 else row[0]: row[-1] for row in rows}

    try:
        assert sum(counted.by_link.values()) == CLICKS
        assert await table(BY_LINK.format(count="count()", table="clicks")) == counted.by_link
        assert await table(BY_LINK.format(count="sum(requests)", table="link_counts")) == counted.by_link
        assert (await table(DUPLICATES))["duplicates"] in counted.duplicates
        raw = BY_HOUR.format(time="timestamp", count="count()", table="clicks", only="verdict = 'click'")
        assert await table(raw) == counted.by_hour
        only = "verdict = 'click' AND link_id = 0"
        rolled = BY_HOUR.format(time="quarter", count="sum(requests)", table="link_counts", only=only)
        assert await table(rolled) == counted.by_hour
        assert await table(COUNTRIES_RAW) == await table(COUNTRIES) == counted.by_country
        uniques = {key: len(visitors) for key, visitors in counted.visitors.items()}
        assert await table(VISITORS_RAW.format(uniq="uniqExact")) == uniques
        # The rollup's states are approximate from some ten thousand visitors on, and equally so over the raw clicks.
        rolled_up = await table(VISITORS)
        assert rolled_up == await table(VISITORS_RAW.format(uniq="uniq"))
        assert rolled_up == {key: pytest.approx(count, rel=0.001) for key, count in uniques.items()}
        assert await table(LINK_VISITORS) == {link: len(visitors) for link, visitors in counted.link_visitors.items()}
    finally:
        await clickhouse.close()
