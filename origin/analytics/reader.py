"""Reads clicks from ClickHouse. Every query is scoped to one workspace here and nowhere else."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from origin.analytics.dimensions import Filter, Grouping
from origin.analytics.periods import Period
from origin.storage import named_sql
from origin.storage.clickhouse import ClickHouse, Rows

ALL_LINKS = 0  # the rollups' own row for the sum of a workspace's links
LIMIT = 1000
_QUARTER, _HOUR = 900, 3600
_SQL = named_sql.load(Path(__file__).with_name("queries.sql"))


@dataclass(frozen=True)
class Scope:
    """Whose clicks, of which links (None: all of the workspace), and under which filters."""

    workspace_id: int
    link_ids: tuple[int, ...] | None = None
    filters: tuple[Filter, ...] = ()

    def parameters(self) -> dict[str, Any]:
        """What each query binds."""
        links = [ALL_LINKS] if self.link_ids is None else list(self.link_ids)
        return {"workspace": self.workspace_id, "links": links}


class AnalyticsReader:
    """The named queries of queries.sql."""

    def __init__(self, clickhouse: ClickHouse) -> None:
        self._clickhouse = clickhouse

    async def count(self, scope: Scope, period: Period) -> int:
        """Clicks of the period."""
        rows = await self._by_bucket(scope, period, [int(period.start.timestamp())])
        return sum(row["clicks"] for row in rows)

    async def timeseries(self, scope: Scope, period: Period) -> list[tuple[datetime, int]]:
        """Clicks of each bucket of the period, those without any included."""
        starts = period.bucket_starts()
        rows = await self._by_bucket(scope, period, [int(start.timestamp()) for start in starts])
        found = {row["bucket"]: row["clicks"] for row in rows}
        return [(start, found.get(int(start.timestamp()), 0)) for start in starts]

    async def top_values(self, scope: Scope, period: Period, grouping: Grouping) -> list[tuple[str, int]]:
        """Values of a dimension and their clicks, the most frequent first."""
        parameters = {"dimension": grouping.column, "limit": LIMIT}
        rows = await self._ask("top_values", scope, period, _HOUR, parameters)
        return [(row["value"], row["clicks"]) for row in rows]

    async def top_links(self, scope: Scope, period: Period) -> list[tuple[int, int]]:
        """Link ids and their clicks, the most frequent first."""
        rows = await self._ask("top_links", scope, period, _QUARTER, {"limit": LIMIT})
        return [(row["link_id"], row["clicks"]) for row in rows]

    async def first_click(self, scope: Scope) -> datetime | None:
        """The quarter of an hour in which the first click came, filters left aside."""
        rows = await self._clickhouse.query(_SQL["first_quarter"], scope.parameters())
        first: int = rows[0]["first"]
        return datetime.fromtimestamp(first, UTC) if first else None

    async def totals(self, workspace_id: int, link_ids: list[int]) -> dict[int, tuple[int, datetime]]:
        """All clicks of links, and the time of the last; links without clicks are left out."""
        scope = Scope(workspace_id, tuple(link_ids))
        rows = await self._clickhouse.query(_SQL["totals"], scope.parameters())
        return {row["link_id"]: (row["clicks"], datetime.fromtimestamp(row["last_at"] / 1000, UTC)) for row in rows}

    async def _by_bucket(self, scope: Scope, period: Period, buckets: list[int]) -> Rows:
        return await self._ask("clicks_by_bucket", scope, period, _QUARTER, {"buckets": buckets})

    async def _ask(self, name: str, scope: Scope, period: Period, unit: int, parameters: dict[str, Any]) -> Rows:
        start, whole_start, whole_end, end = period.whole(unit)
        values = {**scope.parameters(), **parameters, "start": start, "end": end}
        if not scope.filters:
            values |= {"whole_start": whole_start, "whole_end": whole_end}
            return await self._clickhouse.query(_SQL[name], values)
        text, bound = _filter_clause(scope.filters)
        return await self._clickhouse.query(_SQL[f"filtered_{name}"].replace("/*filters*/", text), {**values, **bound})


def _filter_clause(filters: tuple[Filter, ...]) -> tuple[str, dict[str, Any]]:
    """SQL that holds no value and no name from outside, and what it binds."""
    clauses, bound = [], dict[str, Any]()
    for number, each in enumerate(filters):
        operator = "NOT IN" if each.exclude else "IN"
        clauses.append(f"AND toString({{column{number}:Identifier}}) {operator} {{values{number}:Array(String)}}")
        bound |= {f"column{number}": each.column, f"values{number}": list(each.values)}
    return "\n".join(clauses), bound
