import random
import re
from pathlib import Path
from typing import Any

import anyio
import pyarrow as pa  # type: ignore[import-untyped]  # has no types of its own
import pytest
from prometheus_client import REGISTRY
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.clicks.blocks import BlockRows, Prepared
from origin.clicks.frames import Frame
from origin.clicks.journal import Block
from origin.storage.clickhouse import ClickHouse, ClickHouseUnavailable
from origin.storage.clickhouse_schema import migrate, migrations
from tests.integration.clicks.support import CHROME, Stack, event, running

SUM = "SELECT sum(requests) FROM link_counts WHERE link_id = 0 AND verdict != 'duplicate'"
COUNTRIES = "SELECT sum(clicks) FROM dimension_spans WHERE span = 'day' AND dimension = 'country'"
VISITORS = "SELECT uniqMerge(visitors) FROM visitor_days WHERE link_id = 0"


async def test_a_batch_that_comes_again_is_counted_once(stack: Stack) -> None:
    events, metric = [event(), event()], "nearhop_clicks_duplicate_total"
    duplicates = REGISTRY.get_sample_value(metric) or 0.0
    await stack.send(events, "again-1")
    await stack.send(events, "again-1")  # perhaps in the same block
    await stack.drained()
    await stack.send(events, "again-1")  # certainly in another one
    await stack.send([event()])
    await stack.drained()
    assert await stack.scalar(SUM) == 3
    assert await stack.scalar("SELECT count() FROM clicks WHERE verdict != 'duplicate'") == 3
    assert await stack.scalar("SELECT count() FROM clicks WHERE verdict = 'duplicate' AND batch_id = 'again-1'") == 4
    assert REGISTRY.get_sample_value(metric) == duplicates + 4


async def test_a_batch_is_counted_once_by_two_processes(home: Path, engine: AsyncEngine, tmp_path: Path) -> None:
    """Two spools on one Postgres, one after the other, as an embedded engine can be open only once in a process."""
    events = [event() for _ in range(5)]
    async with running(home, engine) as first:
        await first.send(events, "two-1")
        await first.drained()
        assert await first.scalar(SUM) == 5
    async with running(tmp_path / "second", engine) as second:
        await second.send(events, "two-1")
        await second.send([event()], "two-2")
        await second.drained()
        assert await second.scalar(SUM) == 1


async def test_what_was_accepted_while_clickhouse_was_away_is_counted_later(home: Path, engine: AsyncEngine) -> None:
    async with running(home, engine) as stack:
        await stack.clickhouse.close()
        await stack.send([event(), event()])
        assert stack.pipeline.drain.lag_seconds >= 0
        async with stack.client() as http:
            assert (await http.get("/readyz")).json()["parts"]["clickhouse"]["ok"] is False
        await stack.clickhouse.open()
        await stack.drained()
        assert await stack.scalar(SUM) == 2


async def test_what_is_spooled_at_the_end_is_counted_after_the_next_start(home: Path, engine: AsyncEngine) -> None:
    async with running(home, engine) as stack:
        await stack.clickhouse.close()
        await stack.send([event(), event()])
    async with running(home, engine) as again:
        await again.drained()
        assert await again.scalar(SUM) == 2


async def test_an_orderly_end_flushes(home: Path, engine: AsyncEngine) -> None:
    async with running(home, engine, click_linger_ms=60_000) as stack:
        await stack.send([event(), event()])
    clickhouse = ClickHouse(home / "clickhouse")
    await clickhouse.open()
    assert await clickhouse.query(SUM) == [{"sum(requests)": 2}]
    await clickhouse.close()


async def test_drained_segments_are_removed(home: Path, engine: AsyncEngine) -> None:
    async with running(home, engine, spool_segment_bytes=4096, clicks_per_insert=50) as stack:
        for _ in range(30):
            await stack.send([event() for _ in range(10)])
        await stack.drained()
        await stack.send([event()])
        await stack.drained()
        assert await stack.scalar(SUM) == 301
        assert len(list((home / "spool" / "segments").iterdir())) <= 2
        assert await stack.scalar("SELECT uniqExact(block_id) FROM clicks") >= 6


async def test_damage_in_the_spool_costs_only_what_it_hit(home: Path, engine: AsyncEngine) -> None:
    async with running(home, engine, spool_segment_bytes=4096) as stack:
        await stack.clickhouse.close()
        for _ in range(40):
            await stack.send([event()])
        segments = sorted((home / "spool" / "segments").iterdir())
        assert len(segments) >= 3
    data = bytearray(segments[1].read_bytes())
    data[-10] ^= 255
    segments[1].write_bytes(data)
    async with running(home, engine) as again:
        await again.drained()
        assert await again.scalar(SUM) == 39
        assert list((home / "spool" / "damaged").iterdir())


async def test_late_clicks_go_to_their_own_hour_in_any_order(stack: Stack) -> None:
    now = event()["at"]
    hours = [0, 5, 2, 700, 2]  # 700: another month, so another partition
    await stack.send([event(at=now - hour * 3_600_000) for hour in hours])
    await stack.drained()
    rows = await stack.clickhouse.query(
        "SELECT toUnixTimestamp(quarter) AS quarter, sum(requests) AS n FROM link_counts WHERE link_id = 1 GROUP BY 1"
    )
    expected: dict[int, int] = {}
    for hour in hours:
        quarter = (now // 1000 - hour * 3600) // 900 * 900
        expected[quarter] = expected.get(quarter, 0) + 1
    assert {row["quarter"]: row["n"] for row in rows} == expected


async def test_a_large_insert_repeated_under_its_token_changes_no_table(stack: Stack) -> None:
    """The retry of the largest block, after its first attempt went through unnoticed."""
    rng = random.Random(1)
    for _ in range(40):
        await stack.send([event(link=rng.randint(1, 15), ip=f"198.51.100.{rng.randint(0, 255)}") for _ in range(250)])
    await stack.drained()
    before = [await stack.scalar(query) for query in (SUM, COUNTRIES, VISITORS)]
    assert before[0] == 10_000
    columns = "SELECT * EXCEPT (enriched_by), 'other' AS enriched_by FROM clicks WHERE block_id = "
    block = await stack.scalar("SELECT any(block_id) FROM clicks")
    rows = await stack.clickhouse.query(f"{columns}'{block}'")
    data = [[row[name] for row in rows] for name in rows[0]]
    await stack.clickhouse.insert("clicks", list(rows[0]), data, block)
    assert [await stack.scalar(query) for query in (SUM, COUNTRIES, VISITORS)] == before
    await stack.clickhouse.insert("clicks", list(rows[0]), data, "another token")
    assert await stack.scalar(SUM) == 10_000 + len(rows), "the same rows under a new token count"


async def test_the_next_block_is_prepared_while_clickhouse_works_and_each_click_counts_once(
    home: Path, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first insert takes until all is spooled, some until the next block is prepared, and one of those fails then."""
    prepared, tried, spooled = list[Block](), list[str](), anyio.Event()
    insert, prepare = ClickHouse.insert_arrow, BlockRows.prepare

    def noted(self: BlockRows, block: Block, block_frames: list[Frame]) -> Prepared:
        prepared.append(block)
        return prepare(self, block, block_frames)

    async def slow(self: ClickHouse, table: str, rows: Any, token: str) -> None:
        again, before = token in tried, len(prepared)
        tried.append(token)
        with anyio.fail_after(30):
            await spooled.wait()
            while 1 < before < 5 and not again and len(prepared) == before:
                await anyio.sleep(0.01)
        if before == 3 and not again:
            raise ClickHouseUnavailable("as the test wants it")
        await insert(self, table, rows, token)

    async with running(home, engine, clicks_per_insert=20) as stack:
        monkeypatch.setattr(BlockRows, "prepare", noted)
        monkeypatch.setattr(ClickHouse, "insert_arrow", slow)
        for number in range(30):
            await stack.send([event() for _ in range(10)], f"ahead-{number}")
        spooled.set()
        await stack.drained()
        assert await stack.scalar(SUM) == 300
        assert await stack.scalar("SELECT count() FROM clicks") == 300
    assert len(tried) == len(set(tried)) + 1
    assert len(prepared) == len(set(prepared)), "a block that is tried again is not prepared again"


async def test_a_large_wide_block_is_one_insert_that_can_be_repeated(stack: Stack) -> None:
    await stack.send([event()])
    await stack.drained()
    fields = await stack.clickhouse.query(
        "SELECT * EXCEPT (parameters, stored_at, latitude, longitude, visitor) FROM clicks"
    )
    for _ in range(2):
        columns = {name: [value] * 120_000 for name, value in fields[0].items()}
        columns["url"] = [f"https://example.com/{number:0500}" for number in range(120_000)]
        await stack.clickhouse.insert_arrow("clicks", pa.RecordBatch.from_pydict(columns), "a token")
    assert await stack.scalar(SUM) == 120_001


async def test_a_repeated_insert_of_other_width_is_still_the_same_block(stack: Stack) -> None:
    """An enrichment that says more or less between two attempts must not change what ClickHouse takes for one block."""
    await stack.send([event()])
    await stack.drained()
    (row,) = await stack.clickhouse.query("SELECT * FROM clicks")
    for url in ("https://example.com/" + "w" * 2000, "https://example.com/"):
        data = [[url if name == "url" else value] * 9_000 for name, value in row.items()]
        await stack.clickhouse.insert("clicks", list(row), data, "a token")
    assert await stack.scalar(SUM) == 9_001


async def test_every_rollup_agrees_with_the_raw_clicks(stack: Stack) -> None:
    rng = random.Random(2)
    kinds = ["click"] * 5 + ["head", "prefetch", "preview"]
    agents = [event()["user_agent"], "curl/8.5.0"]
    for _ in range(10):
        await stack.send(
            [
                event(
                    link=rng.randint(1, 5), workspace=rng.randint(1, 2), kind=rng.choice(kinds), user_agent=rng.choice(agents),
                    country=rng.choice(["DE", "US", ""]), ip=f"203.0.113.{rng.randint(0, 9)}",
                )
                for _ in range(100)
            ]
        )  # fmt: skip
    await stack.drained()
    raw = "SELECT workspace_id, link_id, verdict, count() AS n FROM clicks GROUP BY ALL ORDER BY ALL"
    rolled = (
        "SELECT workspace_id, link_id, verdict, sum(requests) AS n FROM link_counts"
        " WHERE link_id != 0 GROUP BY ALL ORDER BY ALL"
    )
    assert await stack.clickhouse.query(raw) == await stack.clickhouse.query(rolled)
    raw = "SELECT link_id, country, count() AS n FROM clicks WHERE verdict = 'click' GROUP BY ALL ORDER BY ALL"
    raw = raw.replace("link_id", "workspace_id")
    rolled = (
        "SELECT workspace_id, value AS country, sum(clicks) AS n FROM dimension_spans"
        " WHERE span = 'day' AND dimension = 'country' GROUP BY ALL ORDER BY ALL"
    )
    assert await stack.clickhouse.query(raw) == await stack.clickhouse.query(rolled)
    raw = "SELECT workspace_id, uniq(visitor) AS n FROM clicks WHERE verdict = 'click' GROUP BY ALL ORDER BY ALL"
    rolled = (
        "SELECT workspace_id, uniqMerge(visitors) AS n FROM visitor_days WHERE link_id = 0 GROUP BY ALL ORDER BY ALL"
    )
    assert await stack.clickhouse.query(raw) == await stack.clickhouse.query(rolled)


async def test_old_claims_are_pruned_and_young_ones_kept(stack: Stack, engine: AsyncEngine) -> None:
    await stack.send([event()], "prune-old")
    await stack.send([event()], "prune-young")
    await stack.drained()
    async with engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE click_batches SET received_at = now() - interval '16 days' WHERE batch_id = 'prune-old'"
        )
    await stack.pipeline.claims.prune()
    async with engine.connect() as connection:
        found = await connection.exec_driver_sql(
            "SELECT batch_id FROM click_batches WHERE left(batch_id, 6) = 'prune-'"
        )
        assert [row.batch_id for row in found] == ["prune-young"]


async def test_the_schema_is_applied_once(stack: Stack) -> None:
    assert await migrate(stack.clickhouse) == len(migrations())
    assert await stack.scalar("SELECT count() FROM schema_versions") == len(migrations())


async def test_a_query_that_takes_too_long_is_stopped(stack: Stack) -> None:
    with pytest.raises(ClickHouseUnavailable, match="TIMEOUT_EXCEEDED"):
        await stack.clickhouse.query(
            "SELECT sum(sleepEachRow(0.2)) FROM numbers(100) SETTINGS max_block_size = 1", seconds=0.5
        )
    assert await stack.scalar("SELECT 1") == 1


async def test_a_second_owner_is_told_who_has_the_engine(home: Path, stack: Stack) -> None:
    with pytest.raises(ClickHouseUnavailable, match=r"Process \d+ has the embedded ClickHouse .* NEARHOP_HOME"):
        await ClickHouse(home / "clickhouse").open()


async def test_an_event_that_only_enriching_finds_odd_holds_up_nothing(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("origin.clicks.enrich.host_of", lambda referer: 1 / 0 if referer == "odd" else "(direct)")
    await stack.send([event(), event(referer="odd"), event()])
    await stack.drained()
    assert await stack.scalar(SUM) == 2


async def test_the_documented_columns_are_those_of_the_table(stack: Stack) -> None:
    text = (Path(__file__).parents[3] / "docs/analytics.md").read_text(encoding="utf-8")
    table = text.partition("## Columns of `clicks`")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    documented = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    rows = await stack.clickhouse.query(
        "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'clicks' AND default_kind != 'ALIAS'"
    )
    assert sorted(documented) == sorted(row["name"] for row in rows)
    assert len(documented) > 50


async def test_why_a_request_is_a_bots_is_kept_with_it(stack: Stack) -> None:
    sweep = [event(link=link, ip="192.0.2.9", at=event()["at"] // 1000 * 1000) for link in range(1, 26)]
    await stack.send([event(user_agent="curl/8.5"), event(user_agent=""), event(asn=16509), event(asn=3320), *sweep])
    await stack.drained()
    rows = await stack.clickhouse.query(
        "SELECT bot_reason, bot_name, count() AS n FROM clicks GROUP BY ALL ORDER BY ALL"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("", "", 1),
        ("data centre", "Amazon Web Services", 1),
        ("no user agent", "no user agent", 1),
        ("sweep", "sweep", 25),
        ("user agent", "curl", 1),
    ]


async def test_many_people_without_a_known_address_are_no_sweep(stack: Stack) -> None:
    at = event()["at"] // 1000 * 1000
    await stack.send([event(link=link, ip="", user_agent=CHROME, at=at) for link in range(1, 41)])
    await stack.drained()
    assert await stack.scalar(SUM) == 40


async def test_chosen_query_parameters_are_kept(stack: Stack) -> None:
    url = "https://example.com/?via=news%20letter&other=1"
    await stack.send([event(url=url, query="ref=alice&via=x", user_agent=CHROME)])
    await stack.drained()
    (row,) = await stack.clickhouse.query("SELECT parameters, engine FROM clicks")
    assert row == {"parameters": {"ref": "alice", "via": "news letter"}, "engine": "Blink"}
