"""What goes to ClickHouse goes once, whoever is killed and whatever is revised meanwhile: in the rows and in the rollups."""

import itertools
import secrets
import time
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.conversions import store
from origin.conversions.outbound import Outbound
from origin.storage.rollups import CONVERSION_ROLLUPS, rebuild
from origin.storage.tables import conversions
from tests.factories import new_account
from tests.integration.clicks.asking import new_link
from tests.integration.clicks.support import Stack
from tests.integration.clicks.tracking import Tracker

_numbers = itertools.count()
# Sums without looking for former rows, as questions make them.
_ROWS = """
SELECT event, toString(link_id) AS link, sum(sign * toInt64(quantity)) AS quantities, sum(sign) AS n, sum(sign * amount) AS paid
FROM conversion_credits WHERE workspace_id = {workspace:UInt64} AND model = {model:String}
GROUP BY event, link HAVING n != 0 ORDER BY event, link
"""
_SPANS = """
SELECT event, value AS link, sum(quantity) AS quantities, sum(events) AS n, sum(amount) AS paid
FROM conversion_spans
WHERE workspace_id = {workspace:UInt64} AND model = {model:String} AND dimension = 'link_id' AND span = {span:String}
GROUP BY event, link HAVING n != 0 ORDER BY event, link
"""
_QUARTERS = """
SELECT event, sum(quantity) AS quantities, sum(events) AS n, sum(amount) AS paid
FROM conversion_quarters WHERE workspace_id = {workspace:UInt64} AND model = {model:String}
GROUP BY event HAVING n != 0 ORDER BY event
"""


@pytest.fixture
async def tracker(stack: Stack, engine: AsyncEngine) -> Tracker:
    return Tracker(stack, await new_account(engine))


@pytest.fixture
async def links(tracker: Tracker, engine: AsyncEngine) -> list[int]:
    return [await new_link(engine, tracker.account, f"block-{next(_numbers)}-{time.time_ns()}") for _ in range(2)]


async def sums(tracker: Tracker, model: str = "last") -> list[dict[str, Any]]:
    """By event and link, after making sure that rows and rollups agree."""
    ask, mine = tracker.stack.clickhouse.query, {"workspace": tracker.workspace, "model": model}
    rows = await ask(_ROWS, mine)
    for span in ("day", "month"):
        assert await ask(_SPANS, {**mine, "span": span}) == rows
    events = {
        event: tuple(sum(row[name] for row in rows if row["event"] == event) for name in ("quantities", "n", "paid"))
        for event in {row["event"] for row in rows}
    }
    quarters = await ask(_QUARTERS, mine)
    assert {row["event"]: (row["quantities"], row["n"], row["paid"]) for row in quarters} == events
    return rows


async def killed_after_the_insert(tracker: Tracker, engine: AsyncEngine) -> None:
    """Claim a block and send it, as by a process that never gets to note so."""
    block = secrets.randbits(62)
    async with engine.begin() as connection:
        await connection.execute(store.SQL["claim"], {"block": block, "most": 500})
    async with engine.connect() as connection:
        found = list(await connection.execute(store.SQL["in_block"], {"block": block}))
        assert found
        await Outbound(tracker.stack.clickhouse, tracker.stack.pipeline.retention).send(block, found)


async def test_a_conversion_that_is_credited_to_another_click_is_taken_back_everywhere(
    tracker: Tracker, links: list[int]
) -> None:
    await tracker.lead(await tracker.clicked(links[0], ago_ms=60_000), eventQuantity=3)
    await tracker.sale(amount=500)
    await tracker.settle()
    assert {row["link"] for row in await sums(tracker)} == {str(links[0])}
    await tracker.lead(await tracker.clicked(links[1], ago_ms=30_000), name="Other", mode="deferred")
    await tracker.settle()
    assert await sums(tracker) == [
        {"event": "lead", "link": str(links[1]), "quantities": 3, "n": 1, "paid": 0},
        {"event": "sale", "link": str(links[1]), "quantities": 1, "n": 1, "paid": 500},
    ]
    assert {row["link"] for row in await sums(tracker, "first")} == {str(links[0])}
    rows = await tracker.ask(event="composite", groupBy="top_links")
    assert [(row["leads"], row["sales"], row["saleAmount"]) for row in rows if row["leads"]] == [(3, 1, 500)]
    (total,) = await tracker.stack.clickhouse.query(
        f"SELECT sum(sign * amount) AS paid FROM conversion_credits WHERE workspace_id = {tracker.workspace}"
    )
    assert total["paid"] == 1000  # in both models


async def test_a_block_whose_process_was_killed_after_the_insert_counts_once(
    tracker: Tracker, links: list[int], engine: AsyncEngine
) -> None:
    await tracker.stack.conversions.stop()
    await tracker.lead(await tracker.clicked(links[0]))
    await tracker.sale(amount=5)
    await killed_after_the_insert(tracker, engine)
    before = await sums(tracker)
    while await tracker.stack.conversions.work():
        pass
    await tracker.settle()
    assert await sums(tracker) == before != []


async def test_what_was_revised_after_a_killed_insert_is_taken_back(
    tracker: Tracker, links: list[int], engine: AsyncEngine
) -> None:
    await tracker.stack.conversions.stop()
    await tracker.lead(await tracker.clicked(links[0], ago_ms=60_000))
    await killed_after_the_insert(tracker, engine)
    await tracker.lead(await tracker.clicked(links[1], ago_ms=30_000), name="Other", mode="deferred")
    while await tracker.stack.conversions.work():
        pass
    await tracker.settle()
    assert await sums(tracker) == [{"event": "lead", "link": str(links[1]), "quantities": 1, "n": 1, "paid": 0}]
    assert [row["link"] for row in await sums(tracker, "first")] == [str(links[0])]


async def test_what_somebody_holds_comes_again_and_counts_once(
    tracker: Tracker, links: list[int], engine: AsyncEngine
) -> None:
    await tracker.stack.conversions.stop()
    await tracker.lead(await tracker.clicked(links[0]))
    mine = sa.select(conversions.c.id).where(conversions.c.workspace_id == tracker.workspace)
    async with engine.begin() as connection:
        await killed_after_the_insert(tracker, engine)
        await connection.execute(mine.with_for_update())
        assert await tracker.stack.conversions.work()
    while await tracker.stack.conversions.work():
        pass
    await tracker.settle()
    assert [row["n"] for row in await sums(tracker)] == [1]


async def test_rollups_of_conversions_that_are_made_again_end_equal(tracker: Tracker, links: list[int]) -> None:
    await tracker.lead(await tracker.clicked(links[0], ago_ms=60_000))
    await tracker.sale(amount=5)
    await tracker.settle()
    await tracker.lead(await tracker.clicked(links[1], ago_ms=30_000), name="Other", mode="deferred")
    await tracker.settle()
    before = await sums(tracker)
    for table in CONVERSION_ROLLUPS:
        await tracker.stack.clickhouse.command(f"TRUNCATE TABLE {table}")
    await rebuild(tracker.stack.clickhouse)
    assert await sums(tracker) == before != []


async def test_an_event_of_the_last_moment_of_a_day_is_taken_back(
    tracker: Tracker, links: list[int], engine: AsyncEngine
) -> None:
    await tracker.stack.conversions.stop()
    await tracker.lead(await tracker.clicked(links[0], ago_ms=2 * 86_400_000))
    midnight = sa.func.date_trunc("day", sa.func.now())
    late = sa.update(conversions).where(conversions.c.workspace_id == tracker.workspace)
    async with engine.begin() as connection:
        await connection.execute(late.values(occurred_at=midnight - sa.text("interval '200 microseconds'")))
    while await tracker.stack.conversions.work():
        pass
    await tracker.lead(await tracker.clicked(links[1], ago_ms=36 * 3_600_000), name="Other", mode="deferred")
    while await tracker.stack.conversions.work():
        pass
    await tracker.settle()
    assert await sums(tracker) == [{"event": "lead", "link": str(links[1]), "quantities": 1, "n": 1, "paid": 0}]
