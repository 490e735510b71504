"""Making the rollups again from the raw clicks and conversions, by the SELECTs that feed them. Nothing may insert meanwhile."""

from collections.abc import Iterable
from typing import Any

import structlog

from origin.storage.clickhouse import ClickHouse
from origin.storage.clickhouse_cluster import statements

# Rollup: the table that its materialized view, `<rollup>_feed`, reads. One that reads another rollup comes after it.
ROLLUPS = {
    "link_counts": "clicks",
    "dimension_spans": "clicks",
    "visitor_days": "clicks",
    "audience_days": "clicks",
    "tracked_clicks": "clicks",
    "link_days": "link_counts",
    "link_months": "link_counts",
    "conversion_quarters": "conversion_credits",
    "conversion_spans": "conversion_credits",
}
CONVERSION_ROLLUPS = tuple(table for table, source in ROLLUPS.items() if source == "conversion_credits")
_TIMES = {"clicks": "timestamp", "conversion_credits": "timestamp", "link_counts": "quarter"}
_RAW = {"clicks", "conversion_credits"}  # the other sources are rollups themselves
_MONTHS = """
SELECT DISTINCT toYYYYMM(timestamp) AS month
FROM (SELECT timestamp FROM clicks UNION ALL SELECT timestamp FROM conversion_credits)
ORDER BY month
"""
_SECONDS = 3600.0
# A block that was inserted once, deleted, and is inserted again would else be taken for a repetition.
_SETTINGS = " SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 0"
_log = structlog.get_logger(__name__)


class NotOnClusters(Exception):
    """This works on one ClickHouse server, and not on a cluster."""


async def rebuild(clickhouse: ClickHouse) -> int:
    """All rollups anew, each month swapped in at once; returns how many months the raw clicks and conversions have."""
    _refuse_clusters(clickhouse)
    months = await _column(clickhouse, _MONTHS)
    for table, source in ROLLUPS.items():
        fresh = f"{table}_rebuilt"
        await _run(clickhouse, f"DROP TABLE IF EXISTS {fresh}")
        await _run(clickhouse, f"CREATE TABLE {fresh} AS {table}")
        for month in months:
            await _fill(clickhouse, fresh, table, f"toYYYYMM({_TIMES[source]}) = {month}")
        await _swap(clickhouse, table, fresh)
        await _run(clickhouse, f"DROP TABLE {fresh}")
        _log.info("rollup_rebuilt", table=table, months=len(months))
    return len(months)


async def refill(clickhouse: ClickHouse, workspace_id: int, rollups: Iterable[str] = tuple(ROLLUPS)) -> None:
    """One workspace's rows of these rollups anew. When it is cut off, do it again."""
    _refuse_clusters(clickhouse)
    for table in rollups:
        await delete(clickhouse, table, "workspace_id = {workspace:UInt64}", {"workspace": workspace_id})
    for table in rollups:
        if ROLLUPS[table] in _RAW:  # the others are fed by these
            await _fill(clickhouse, table, table, f"workspace_id = {workspace_id}")


async def delete(clickhouse: ClickHouse, table: str, which: str, bound: dict[str, Any]) -> None:
    """Rows of a table, gone from the disk when this returns. `which` is SQL of ours with bound values."""
    _refuse_clusters(clickhouse)
    await _run(clickhouse, f"ALTER TABLE {table} DELETE WHERE {which} SETTINGS mutations_sync = 1", bound)


async def empty(clickhouse: ClickHouse, table: str) -> None:
    """A table without any rows, on a cluster as well, when this returns."""
    for statement in statements(
        f"ALTER TABLE {table} DELETE WHERE true SETTINGS mutations_sync = 2", clickhouse.cluster
    ):
        await _run(clickhouse, statement)


async def _swap(clickhouse: ClickHouse, table: str, fresh: str) -> None:
    made = await _partitions(clickhouse, fresh)
    for partition in sorted(made):
        await _run(clickhouse, f"ALTER TABLE {table} REPLACE PARTITION {partition} FROM {fresh}")
    for gone in await _partitions(clickhouse, table) - made:
        await _run(clickhouse, f"ALTER TABLE {table} DROP PARTITION {gone}")


async def _partitions(clickhouse: ClickHouse, table: str) -> set[int]:
    """Years, or years and months."""
    sql = "SELECT DISTINCT partition FROM system.parts WHERE database = currentDatabase() AND active AND table = {table:String}"
    return {int(each) for each in await _column(clickhouse, sql, {"table": table})}


async def _fill(clickhouse: ClickHouse, table: str, rollup: str, which: str) -> None:
    """Insert into the table what the rollup's feed makes of some rows of its source."""
    feed = f"{rollup}_feed"
    (select,) = await _column(
        clickhouse,
        "SELECT as_select FROM system.tables WHERE database = currentDatabase() AND name = {feed:String}",
        {"feed": feed},
    )
    source = f"FROM {clickhouse.database}.{ROLLUPS[rollup]}"
    assert select.count(source) == 1, select
    narrowed = select.replace(source, f"FROM (SELECT * {source} WHERE {which}) AS {ROLLUPS[rollup]}")
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
