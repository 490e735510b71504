import random
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from origin import ids
from origin.clicks import upkeep_command
from origin.clicks.erasing import Eraser
from origin.clicks.settings import ClickSettings
from origin.clicks.visitors import VisitorHash
from origin.conversions.erasing import ConversionEraser
from origin.settings import OriginSettings
from origin.startup import CannotStart
from origin.storage import rollups
from origin.storage.rollups import NotOnClusters
from tests.integration.clicks.support import CHROME, IPHONE, Stack, event, running
from tests.origin_app import EDGE_SECRET, SECRET_KEY

HOUR_MS = 3_600_000
ROLLED = (
    "SELECT workspace_id, link_id, verdict, quarter, sum(requests), max(last_at) FROM link_counts GROUP BY ALL ORDER BY ALL",
    "SELECT workspace_id, link_id, day, uniqMerge(visitors) FROM visitor_days GROUP BY ALL ORDER BY ALL",
    "SELECT workspace_id, dimension, span, start, value, sum(clicks) FROM dimension_spans GROUP BY ALL ORDER BY ALL",
    "SELECT * EXCEPT (clicks, keep_days), sum(clicks) FROM audience_days GROUP BY ALL ORDER BY ALL",
    "SELECT workspace_id, day, link_id, sum(clicks) FROM link_days GROUP BY ALL ORDER BY ALL",
    "SELECT workspace_id, link_id, month, sum(clicks), max(last_at) FROM link_months GROUP BY ALL ORDER BY ALL",
)


async def fill(stack: Stack) -> None:
    """Clicks of two workspaces over two months, some of them twice."""
    rng, now = random.Random(7), event()["at"]
    for number in range(12):
        events = [
            event(
                workspace=rng.randint(1, 2), link=rng.randint(1, 6), at=now - rng.randint(0, 29 * 24) * HOUR_MS,
                country=rng.choice(["DE", "US", ""]), ip=f"203.0.113.{rng.randint(0, 5)}",
                kind=rng.choice(["click", "click", "head"]), user_agent=rng.choice([CHROME, IPHONE]),
            )
            for _ in range(60)
        ]  # fmt: skip
        for _ in range(1 + number % 2):
            await stack.send(events, f"upkeep-{id(stack)}-{number}")
    await stack.drained()


def eraser_of(stack: Stack, engine: AsyncEngine) -> Eraser:
    return Eraser(stack.clickhouse, VisitorHash(SECRET_KEY), ConversionEraser(engine, stack.clickhouse))


async def rolled(stack: Stack) -> list[Any]:
    return [await stack.clickhouse.query(sql) for sql in ROLLED]


async def test_rollups_made_again_from_raw_clicks_end_equal(stack: Stack) -> None:
    await fill(stack)
    before = await rolled(stack)
    assert all(before)
    await rollups.rebuild(stack.clickhouse)
    assert await rolled(stack) == before
    for sql in (
        "ALTER TABLE link_counts DELETE WHERE link_id = 3 SETTINGS mutations_sync = 1",
        "INSERT INTO dimension_spans (workspace_id, dimension, span, value, clicks) SELECT 1, 'country', 'day', 'XX', 5",
        "TRUNCATE TABLE visitor_days",
    ):
        await stack.clickhouse.command(sql)
    assert await rolled(stack) != before
    for _ in range(2):  # as after one that was cut off
        await rollups.rebuild(stack.clickhouse)
        assert await rolled(stack) == before
    await stack.send([event()])
    await stack.drained()
    assert await rolled(stack) != before, "the rollups are still fed"
    assert await stack.scalar("SELECT count() FROM system.tables WHERE name LIKE '%_rebuilt'") == 0


async def test_what_is_erased_is_in_no_table_and_the_rest_is_counted_as_before(
    stack: Stack, engine: AsyncEngine
) -> None:
    await fill(stack)
    eraser = eraser_of(stack, engine)
    for _ in range(2):  # the second time there is nothing to erase, and the same is left
        await eraser.link(1, 2)
        await eraser.visitor(1, "203.0.113.4", IPHONE)
        left = await rolled(stack)
        await rollups.rebuild(stack.clickhouse)
        assert await rolled(stack) == left
    assert await stack.scalar("SELECT count() FROM clicks WHERE workspace_id = 1 AND link_id = 2") == 0
    assert await stack.scalar("SELECT sum(requests) FROM link_counts WHERE workspace_id = 1 AND link_id = 2") == 0
    mine = "FROM clicks WHERE ip = '203.0.113.0' AND os = 'iOS' AND workspace_id"
    assert await stack.scalar(f"SELECT uniqExact(visitor, toDate(timestamp)) {mine} = 1") > 0, "others stay"
    raw = await stack.scalar("SELECT count() FROM clicks WHERE workspace_id = 1")
    assert await stack.scalar("SELECT sum(requests) FROM link_counts WHERE workspace_id = 1 AND link_id = 0") == raw
    others = [row for row in (await rolled(stack))[0] if row["workspace_id"] == 2]
    await eraser.workspace(1)
    assert (await rolled(stack))[0] == others
    assert await stack.scalar("SELECT count() FROM clicks WHERE workspace_id = 1") == 0


async def test_a_visitor_is_erased_on_every_day_and_only_there(stack: Stack, engine: AsyncEngine) -> None:
    now = event()["at"]
    same = {"ip": "198.51.100.77", "user_agent": CHROME}
    await stack.send([event(**same, at=now - day * 24 * HOUR_MS) for day in range(5)])
    await stack.send([event(**same, workspace=2), event(ip="198.51.100.78", user_agent=CHROME)])
    await stack.drained()
    await eraser_of(stack, engine).visitor(1, "198.51.100.77", CHROME)
    assert await stack.scalar("SELECT count() FROM clicks WHERE workspace_id = 1") == 1
    assert await stack.scalar("SELECT count() FROM clicks WHERE workspace_id = 2") == 1


def test_the_commands_want_the_engine_for_themselves(
    home: Path, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = OriginSettings(home=home, database_url=postgres_url, secret_key=SECRET_KEY, edge_secret=EDGE_SECRET)
    for wrong in (
        ["erase"],
        ["erase", "link", "ws_1", "nothing"],
        ["erase", "workspace", "1"],
        ["rebuild-rollups", "now"],
    ):
        assert upkeep_command.main(wrong, settings, ClickSettings()) == 2
    assert "rebuild-rollups" in capsys.readouterr().err
    good = [
        ["rebuild-rollups"],
        ["rebuild-conversions"],
        ["erase", "workspace", ids.public(ids.WORKSPACE, 1)],
        ["erase", "customer", ids.public(ids.WORKSPACE, 1), ids.public(ids.CUSTOMER, 1)],
        ["erase", "link", ids.public(ids.WORKSPACE, 1), ids.public(ids.LINK, 1)],
        ["erase", "visitor", ids.public(ids.WORKSPACE, 1), "192.0.2.1", CHROME],
    ]
    for each in good:
        assert upkeep_command.main(each, settings, ClickSettings()) == 0
    assert capsys.readouterr().out.count("done\n") == 6


async def test_beside_a_running_origin_or_on_a_cluster_they_refuse(
    home: Path, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = OriginSettings(home=home, secret_key=SECRET_KEY, edge_secret=EDGE_SECRET)
    async with running(home, engine) as stack:
        with pytest.raises(CannotStart, match="has the embedded ClickHouse"):
            await _in_thread(lambda: upkeep_command.main(["rebuild-rollups"], settings, ClickSettings()))
        monkeypatch.setattr(stack.clickhouse, "cluster", "main")
        with pytest.raises(NotOnClusters):
            await rollups.rebuild(stack.clickhouse)


async def _in_thread(work: Any) -> Any:

    return await anyio.to_thread.run_sync(work)
