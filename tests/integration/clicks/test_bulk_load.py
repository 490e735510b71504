"""The generator's two ways agree: clicks through intake and drain, and the same clicks loaded in SQL."""

import time
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from bench.click_generator.batches import batches
from bench.click_generator.load import Loader
from bench.click_generator.model import Model, Shape
from origin.clicks.row import ClickRow
from tests.integration.clicks.support import Stack, running

# These say which way a click came, or are salted.
OTHERWISE = {"batch_id", "block_id", "edge", "received_at", "visitor", "enriched_by"}
SAME = [name for name in ClickRow._fields if name not in OTHERWISE]
ROWS = f"SELECT {', '.join(SAME)} FROM clicks ORDER BY click_id"
TOTALS = "SELECT workspace_id, link_id, verdict, sum(requests) AS n FROM link_counts GROUP BY ALL ORDER BY ALL"
COUNTRIES = (
    "SELECT value, sum(clicks) AS n FROM dimension_spans WHERE span = 'day' AND dimension = 'country'"
    " GROUP BY ALL ORDER BY ALL"
)
VISITORS = "SELECT workspace_id, uniqExact(visitor) AS n FROM clicks GROUP BY ALL ORDER BY ALL"


async def test_loaded_clicks_are_those_that_the_intake_brings(home: Path, engine: AsyncEngine, tmp_path: Path) -> None:
    hours = 48
    shape = Shape(
        seed=9, clicks=6_000, first_hour=int(time.time()) // 3600 - hours, hours=hours, workspaces=7, links=300
    )
    async with running(home, engine) as stack:
        for batch in batches(Model(shape)):
            assert (await stack.post(batch.body)).status_code == 202
        await stack.drained()
        taken = await answers(stack)
    async with running(tmp_path / "second", engine) as second:
        loaded = await Loader(second.clickhouse, Model(shape)).load()
        assert loaded.clicks == shape.clicks
        for ours, theirs in zip(await answers(second), taken, strict=True):
            assert [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]][:1] == []
        assert await second.scalar("SELECT count() FROM system.tables WHERE name LIKE 'model_%'") == 0
    assert len(taken[0]) == shape.clicks


async def answers(stack: Stack) -> list[list[dict[str, object]]]:
    return [await stack.clickhouse.query(sql) for sql in (ROWS, TOTALS, COUNTRIES, VISITORS)]
