"""Reads counts of clicks from ClickHouse."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from origin.analytics import tiers
from origin.analytics.dimensions import GROUPINGS, Grouping
from origin.analytics.periods import DAY, Period
from origin.analytics.place import Place
from origin.analytics.scope import Scope
from origin.analytics.tiers import Tier
from origin.storage import named_sql
from origin.storage.clickhouse import ClickHouse, ColumnBlocks, Rows

LIMIT = 1000
NOTHING: Mapping[str, str] = MappingProxyType({})
# Of a whole workspace the table itself is the narrower read, whatever the number of granules makes ClickHouse think.
_NOT_BY_LINK = "\nSETTINGS optimize_use_projections = 0"
_SQL = named_sql.load(Path(__file__).with_name("queries.sql"))


class Top(NamedTuple):
    """The most frequent values with their clicks, and the clicks of all values."""

    rows: list[tuple[str, int]]
    total: int


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

    async def top_values(
        self,
        scope: Scope,
        period: Period,
        grouping: Grouping,
        *,
        limit: int = LIMIT,
        values: tuple[str, ...] = (),
        parameter: str = "",
    ) -> Top:
        """Values of a dimension and their clicks, the most frequent first; of these `values` only where some are given."""
        dimension = grouping.dimension or grouping.column
        bound = {"dimension": dimension, "limit": limit, "values": list(values), "parameter": parameter}
        kept = grouping.tiers if scope.link_ids is None else ()
        texts = {"/*rolled*/": grouping.rolled, **grouping.in_clicks()}
        filtered = tiers.AUDIENCE if grouping.column in tiers.AUDIENCE_COLUMNS else ()
        rows = await self._ask("top_values", scope, period, kept, bound, texts, filtered)
        return Top([(row["value"], row["clicks"]) for row in rows], rows[0]["total"] if rows else 0)

    async def top_links(self, scope: Scope, period: Period, limit: int = LIMIT) -> list[tuple[int, int]]:
        """Link ids and their clicks, the most frequent first."""
        rows = await self._ask("top_links", scope, period, tiers.LINKS, {"limit": limit})
        return [(row["link_id"], row["clicks"]) for row in rows]

    async def hours_of_week(self, scope: Scope, period: Period) -> dict[tuple[int, int], int]:
        """Clicks by weekday (1 is Monday) and hour of the period's own zone; those without clicks are left out."""
        bound = {"zone": str(period.start.tzinfo)}
        rows = await self._ask("hours_of_week", scope, period, tiers.QUARTERS, bound)
        return {(row["weekday"], row["hour"]): row["clicks"] for row in rows}

    async def visitors(self, scope: Scope, period: Period) -> dict[date, int]:
        """About how many visitors each UTC day had; days without any are left out."""
        kept = tiers.VISITORS if scope.link_ids is None else ()
        return {row["day"]: row["visitors"] for row in await self._ask("visitors_by_day", scope, period, kept, {})}

    async def places(self, scope: Scope, period: Period, limit: int = LIMIT) -> Rows:
        """Cities (`value`, as of the grouping) with clicks, mean_latitude and mean_longitude, the most frequent first."""
        return await self._ask("places", scope, period, (), {"limit": limit}, GROUPINGS["cities"].in_clicks())

    async def verdicts(self, scope: Scope, period: Period) -> dict[str, int]:
        """All requests by what they count as."""
        rows = await self._ask("requests_by_verdict", scope, period, tiers.QUARTERS, {})
        return {row["verdict"]: row["requests"] for row in rows}

    async def events(
        self,
        scope: Scope,
        period: Period,
        verdicts: tuple[str, ...],
        bound: dict[str, Any],
        columns: tuple[str, ...],
        *,
        upwards: bool = False,
    ) -> Rows:
        """A page of requests, the newest first, or the oldest with `upwards`."""
        sql = _SQL["events_upwards" if upwards else "events"].replace("/*columns*/", ", ".join(columns))
        values = {**scope.parameters(), **bound, "verdicts": list(verdicts)}
        rows: Rows = []
        for span in period.widening(bound["after_ms"] // 1000 if bound["after"] else None, upwards=upwards):
            rows = await self._clickhouse.query(scope.complete(sql, tiers.CLICKS.within(span)), values)
            if len(rows) == bound["limit"]:
                break
        return rows

    def export(
        self, scope: Scope, period: Period, verdicts: tuple[str, ...], columns: tuple[str, ...]
    ) -> AbstractAsyncContextManager[ColumnBlocks]:
        """All requests of the period, block by block, each column by column."""
        within = tiers.CLICKS.within_days(period.seconds())
        sql = scope.complete(_SQL["export"].replace("/*columns*/", ", ".join(columns)), within)
        return self._clickhouse.stream(sql, {**scope.parameters(), "verdicts": list(verdicts)})

    async def newest(self, workspace_id: int, after: Place, limit: int, columns: tuple[str, ...]) -> Rows:
        """Requests that ClickHouse took after a place, the first ones first; `stored_ms` is when."""
        sql = _SQL["newest"].replace("/*columns*/", ", ".join(columns))
        return await self._clickhouse.query(sql, {"workspace": workspace_id, "limit": limit, **after._asdict()})

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
        in_days = len(buckets) == 1 or not any(each % DAY for each in buckets)
        filtered = tiers.AUDIENCE if in_days else ()
        return await self._ask(
            "clicks_by_bucket", scope, period, tiers.QUARTERS, {"buckets": buckets}, filtered=filtered
        )

    async def _ask(
        self,
        name: str,
        scope: Scope,
        period: Period,
        kept: tuple[Tier, ...],
        bound: dict[str, Any],
        texts: Mapping[str, str] = NOTHING,
        filtered: tuple[Tier, ...] = (),
    ) -> Rows:
        """Run a query on the rollups that keep its counts, on those that do under these filters, or on the raw clicks."""
        if scope.filters:
            kept = filtered if scope.is_about_audience() else ()
        # The clicks of some links lie together, by time: one read finds them, where two parts would be planned twice.
        used = kept or (tiers.MONTHS_OF_CLICKS if scope.link_ids is None else ())
        needed = tiers.sources(period, used, by_day=scope.link_ids is None)
        parts = (scope.complete(_SQL[f"{name}_in_{source}"], within) for source, within in needed)
        sql = _SQL[name].replace("/*parts*/", "\nUNION ALL\n".join(parts))
        if scope.link_ids is None:
            sql += _NOT_BY_LINK
        for place, text in texts.items():
            sql = sql.replace(place, text)
        return await self._clickhouse.query(sql, {**scope.parameters(), **bound})
