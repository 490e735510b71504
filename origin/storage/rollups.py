"""Making the rollups again from the raw clicks, by the very SELECTs that feed them. Nothing may insert clicks meanwhile."""

from typing import Any

import structlog

from origin.storage.clickhouse import ClickHouse

# Table: the materialized view that feeds it.
FEEDS = {table: f"{table}_feed" for table in ("link_counts", "dimension_counts", "visitor_days", "tracked_clicks")}
_SECONDS = 3600.0
# A block that was inserted once, deleted, and is inserted again would else be taken for a repetition.
_SETTINGS = " SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 0"
_log = structlog.get_logger(__name__)


class NotOnClusters(Exception):
    """This works on one ClickHouse server: on a cluster, run it for each shard's own address, without the cluster's name."""


async def rebuild(clickhouse: ClickHouse) -> int:
    """All rollups anew, each month swapped in at once; returns how many months the raw clicks have."""
    _refuse_clusters(clickhouse)
    months = await _column(clickhouse, "SELECT DISTINCT toYYYYMM(timestamp) AS month FROM clicks ORDER BY month")
    for table, feed in FEEDS.items():
        fresh = f"{table}_rebuilt"
        await _run(clickhouse, f"DROP TABLE IF EXISTS {fresh}")
        await _run(clickhouse, f"CREATE TABLE {fresh} AS {table}")
        for month in months:
            await _fill(clickhouse, fresh, feed, f"toYYYYMM(timestamp) = {month}")
        await _swap(clickhouse, table, fresh)
        await _run(clickhouse, f"DROP TABLE {fresh}")
        _log.info("rollup_rebuilt", table=table, months=len(months))
    return len(months)


async def refill(clickhouse: ClickHouse, workspace_id: int) -> None:
    """One workspace's rows of all rollups anew. When it is cut off, do it again."""
    _refuse_clusters(clickhouse)
    for table, feed in FEEDS.items():
        await delete(clickhouse, table, "workspace_id = {workspace:UInt64}", {"workspace": workspace_id})
        await _fill(clickhouse, table, feed, f"workspace_id = {workspace_id}")


async def delete(clickhouse: ClickHouse, table: str, which: str, bound: dict[str, Any]) -> None:
    """Rows of a table, gone from the disk when this returns. `which` is SQL of ours with bound values."""
    _refuse_clusters(clickhouse)
    await _run(clickhouse, f"ALTER TABLE {table} DELETE WHERE {which} SETTINGS mutations_sync = 1", bound)


async def _swap(clickhouse: ClickHouse, table: str, fresh: str) -> None:
    made = await _partitions(clickhouse, fresh)
    for month in made:
        await _run(clickhouse, f"ALTER TABLE {table} REPLACE PARTITION {month} FROM {fresh}")
    for gone in await _partitions(clickhouse, table) - made:
        await _run(clickhouse, f"ALTER TABLE {table} DROP PARTITION {gone}")


async def _partitions(clickhouse: ClickHouse, table: str) -> set[int]:
    sql = "SELECT DISTINCT partition FROM system.parts WHERE database = currentDatabase() AND active AND table = {table:String}"
    return set(map(int, await _column(clickhouse, sql, {"table": table})))


async def _fill(clickhouse: ClickHouse, table: str, feed: str, which: str) -> None:
    (select,) = await _column(
        clickhouse,
        "SELECT as_select FROM system.tables WHERE database = currentDatabase() AND name = {feed:String}",
        {"feed": feed},
    )
    source = f"FROM {clickhouse.database}.clicks"
    assert select.count(source) == 1, select
    narrowed = select.replace(source, f"FROM (SELECT * {source} WHERE {which}) AS clicks")
    columns = ", ".join(
        await _column(
            clickhouse,
            "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {feed:String} ORDER BY position",
            {"feed": feed},
        )
    )
    await _run(clickhouse, f"INSERT INTO {table} ({columns}) {narrowed}{_SETTINGS}")


async def _column(clickhouse: ClickHouse, sql: str, bound: dict[str, Any] | None = None) -> list[Any]:
    return [next(iter(row.values())) for row in await clickhouse.query(sql, bound)]


async def _run(clickhouse: ClickHouse, sql: str, bound: dict[str, Any] | None = None) -> None:
    await clickhouse.command(sql, bound, seconds=_SECONDS)


def _refuse_clusters(clickhouse: ClickHouse) -> None:
    if clickhouse.cluster:
        raise NotOnClusters(str(NotOnClusters.__doc__))
