"""What the edge's isolates counted reaches origin with their batches, and adds up over isolates, processes and time."""

import asyncio

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.clicks import edge_command, edge_counters
from origin.clicks.edge_counters import EdgeCounters, newest
from origin.clicks.event import Batch
from origin.settings import OriginSettings
from shared.click_event import encode_batch
from tests.integration.clicks.support import Stack, event


def batch(edge: str, kept: int, sent: int = 0, dropped: int = 0) -> Batch:
    counters = {"clicks_kept": kept, "clicks_sent": sent, "clicks_dropped": dropped}
    return Batch(f"{edge}-{kept}", edge, [], counters)


@pytest.fixture
async def counters(engine: AsyncEngine) -> EdgeCounters:
    async with engine.begin() as connection:
        await connection.execute(text("TRUNCATE edge_counters"))
    return EdgeCounters(engine)


async def test_each_isolate_counts_with_what_it_told_last(counters: EdgeCounters) -> None:
    await counters.note([batch("a", 10, 5), batch("a", 30, 25), batch("b", 7, 7, 1)])
    await counters.note([batch("a", 20, 15)])  # late, out of a queue
    assert await counters.sums() == {"clicks_kept": 37, "clicks_sent": 32, "clicks_dropped": 1}


async def test_a_batch_that_comes_twice_counts_nothing_twice(counters: EdgeCounters) -> None:
    for _ in range(3):
        await counters.note([batch("a", 10, 5)])
    assert (await counters.sums())["clicks_kept"] == 10


async def test_isolates_that_are_over_are_folded_into_the_sums(counters: EdgeCounters, engine: AsyncEngine) -> None:
    await counters.note([batch("a", 10), batch("b", 20)])
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE edge_counters SET seen_at = now() - interval '20 days'"))
    await counters.note([batch("c", 5)])
    await asyncio.gather(*(counters.fold() for _ in range(4)))
    assert [row.isolate for row in await counters.isolates()] == ["c"]
    assert (await counters.sums())["clicks_kept"] == 35
    await counters.fold(0)
    assert (await counters.sums())["clicks_kept"] == 35


async def test_batches_of_an_older_edge_tell_nothing(counters: EdgeCounters) -> None:
    await counters.note([Batch("x-1", "x", [])])
    assert newest([Batch("x-1", "x", [])]) == {}
    assert await counters.sums() == {}


async def test_what_a_batch_brings_is_in_the_metrics_and_in_the_command(
    stack: Stack, counters: EdgeCounters, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await counters.sums() == {}
    told = {"clicks_kept": 41, "clicks_sent": 33, "clicks_queued": 7, "clicks_dropped": 1}
    assert (await stack.post(encode_batch("e-1", "e", [event()], told))).status_code == 202
    await stack.drained()
    await counters.show()
    assert REGISTRY.get_sample_value("nearhop_edge_counters", {"counter": "clicks_queued"}) == 7
    await asyncio.to_thread(edge_command.main, OriginSettings(database_url=postgres_url))
    assert "e\t41\t33\t7\t1\t0\t0\t" in capsys.readouterr().out


@pytest.mark.parametrize("broken", ["note", "sums", "fold"])
async def test_clicks_are_stored_while_the_counters_cannot_be_kept_or_added_up(
    stack: Stack, counters: EdgeCounters, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    failing = "SELECT 1 / (cardinality(CAST(:isolates AS text[])) - cardinality(CAST(:counters AS jsonb[])))"
    names = {"note": failing, "sums": "SELECT 1 / 0", "fold": "SELECT 1 / (CAST(:days AS int) * 0)"}
    before = REGISTRY.get_sample_value("nearhop_edge_counter_failures_total")
    monkeypatch.setitem(edge_counters._SQL, broken, text(names[broken]))
    clicks = [event(workspace=8_301)]
    assert (await stack.post(encode_batch(f"broken-{broken}", "e", clicks, {"clicks_kept": 1}))).status_code == 202
    await stack.drained()
    assert await stack.scalar("SELECT count() FROM clicks WHERE workspace_id = 8301") == 1
    assert not stack.pipeline.drain.problem
    for work in (counters.note([batch("a", 1)]), counters.show(), counters.fold()):
        await work
    after = REGISTRY.get_sample_value("nearhop_edge_counter_failures_total")
    assert before is not None
    assert after is not None
    assert after > before


async def test_a_block_adds_nothing_up(stack: Stack, counters: EdgeCounters, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await counters.sums() == {}
    asked: list[str] = []

    async def sums(_: EdgeCounters) -> dict[str, int]:
        asked.append("sums")
        return {}

    await stack.drained()
    monkeypatch.setattr(EdgeCounters, "sums", sums)
    for number in range(3):
        await stack.post(encode_batch(f"block-{number}", "e", [event()], {"clicks_kept": number}))
        await stack.drained()
    assert asked == []
