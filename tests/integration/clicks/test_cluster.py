"""The numbered DDL as it is for a cluster. There is none here to run it on: ClickHouse's own parser reads all of it, and what
is one shard's own is run without replicas.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.conversions.erasing import send_again
from origin.storage.clickhouse import ClickHouse
from origin.storage.clickhouse_cluster import UnknownStatement, render
from origin.storage.clickhouse_schema import migrate, migrations
from origin.storage.rollups import ROLLUPS
from tests.integration.clicks.support import Stack

STATEMENTS = [statement for each in migrations() for statement in each.statements]
RENDERED = [text for statement in STATEMENTS for text in render(statement, "main")]


async def test_clickhouse_can_parse_each_rendered_statement(stack: Stack) -> None:
    for text in RENDERED:
        (row,) = await stack.clickhouse.query("SELECT formatQuery({text:String}) AS parsed", {"text": text})
        assert row["parsed"]


@pytest.fixture
async def shard(home: Path) -> AsyncIterator[ClickHouse]:
    """An engine that has what the rendered statements make on one shard, but for the tables over all shards."""
    clickhouse = ClickHouse(home / "shard", "")
    await clickhouse.open()
    try:
        for text in RENDERED:
            if re.match(
                r"(CREATE|ALTER|DROP) TABLE (IF (NOT )?EXISTS )?\w+_local |CREATE MATERIALIZED|DROP VIEW", text
            ):
                await clickhouse.command(alone(text))
        yield clickhouse
    finally:
        await clickhouse.close()


def alone(text: str) -> str:
    """The statement for a server that has neither a cluster nor replicas."""
    text = text.replace(" ON CLUSTER 'main'", "").replace(
        " replicated_deduplication_window =", " non_replicated_deduplication_window ="
    )
    text = re.sub(r"ENGINE = Replicated(\w+)\('[^']*', '[^']*'(?:, )?", r"ENGINE = \1(", text)
    assert "eplicated(" not in text
    return text


async def test_a_shards_views_feed_each_rollup_from_its_own_rows(shard: ClickHouse) -> None:
    row = "SELECT 'a-t1', 7, 3, now64(3), 'click', 'DE', 365, 99"
    columns = "click_id, workspace_id, link_id, timestamp, verdict, country, keep_days, visitor"
    await shard.command(f"INSERT INTO clicks_local ({columns}) {row}")
    event = "SELECT 7, 'last', 'lead', 'evt_1', 1, 1, now64(3), 3, 'DE', 365"
    columns = "workspace_id, model, event, event_id, revision, sign, timestamp, link_id, country, keep_days"
    await shard.command(f"INSERT INTO conversion_credits_local ({columns}) {event}")
    for rollup in ROLLUPS:
        (found,) = await shard.query(f"SELECT count() AS rows, max(keep_days) AS days FROM {rollup}_local")
        assert found["rows"] > 0, rollup
        assert found["days"] == 365, rollup


def test_each_table_is_replicated_on_its_shard_and_distributed_by_workspace() -> None:
    made = [text for text in RENDERED if text.startswith("CREATE TABLE")]
    local = {text.split()[5]: text for text in made if "Distributed(" not in text}
    over = {text.split()[5]: text for text in made if "Distributed(" in text}
    assert {"clicks", "link_counts", "dimension_spans", "visitor_days"} <= set(over)
    assert set(local) == {f"{name}_local" for name in over}
    for name, text in over.items():
        assert f"'main', currentDatabase(), {name}_local, cityHash64(workspace_id))" in text
        assert re.search(
            rf"Replicated\w*MergeTree\('/clickhouse/tables/{{shard}}/{{database}}/{name}'", local[f"{name}_local"]
        )
        assert " replicated_deduplication_window" in local[f"{name}_local"]


def test_each_table_that_a_block_goes_to_knows_it_for_longer_than_a_process_is_away() -> None:
    fed = {"clicks", "conversion_credits", *ROLLUPS}
    for name in fed:
        set_on = f"ALTER TABLE {name}_local ON CLUSTER 'main' MODIFY SETTING replicated_deduplication_window_seconds = "
        assert [int(text.removeprefix(set_on)) for text in RENDERED if text.startswith(set_on)] == [30 * 86_400], name


async def test_conversions_can_be_sent_again_on_a_cluster(
    stack: Stack, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    async def record(sql: str, *_: object, **__: object) -> None:
        sent.append(sql)

    await stack.conversions.stop()
    monkeypatch.setattr(stack.clickhouse, "cluster", "main")
    monkeypatch.setattr(stack.clickhouse, "command", record)
    await send_again(engine, stack.clickhouse)
    assert sent[0].startswith("ALTER TABLE conversion_credits_local ON CLUSTER 'main' DELETE WHERE true")
    for text in sent:
        assert await stack.clickhouse.query("SELECT formatQuery({text:String}) AS parsed", {"text": text})


def test_everything_is_done_on_the_whole_cluster_and_views_stay_on_their_shard() -> None:
    for text in RENDERED:
        assert "ON CLUSTER 'main'" in text or text.startswith("INSERT INTO")
        assert not re.search(r"(?<!Replicated)(?<!Aggregating)(?<!ReplicatedAggregating)\bMergeTree", text)
        if "MATERIALIZED VIEW" in text:
            assert re.search(r"TO \w+_local AS", text)
            (source,) = re.findall(r"FROM (\w+)", text)
            assert source.endswith("_local")
    added = [text for text in RENDERED if "ADD COLUMN" in text]
    tables = [text.split()[2] for text in added]
    assert {"clicks", "clicks_local"} <= set(tables)
    assert sorted(tables) == sorted(
        each for name in tables if name + "_local" in tables for each in (name, name + "_local")
    )


def test_a_statement_without_a_form_for_clusters_is_not_guessed() -> None:
    for statement in ("OPTIMIZE TABLE clicks", "CREATE TABLE IF NOT EXISTS x (version UInt8) ENGINE = Memory"):
        with pytest.raises(UnknownStatement):
            render(statement, "main")


async def test_migrating_sends_what_was_rendered(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    async def record(sql: str, *_: object, **__: object) -> None:
        sent.append(sql)

    async def no_rows(sql: str, *_: object, **__: object) -> list[dict[str, object]]:
        return []

    monkeypatch.setattr(stack.clickhouse, "cluster", "main")
    monkeypatch.setattr(stack.clickhouse, "command", record)
    monkeypatch.setattr(stack.clickhouse, "query", no_rows)
    assert await migrate(stack.clickhouse) == len(migrations())
    assert [text for text in sent if "schema_versions" not in text] == RENDERED
    assert "schema_versions_local ON CLUSTER 'main'" in sent[0]
