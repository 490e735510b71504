"""Reads leads and sales from ClickHouse."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, NamedTuple

from origin.analytics import tiers
from origin.analytics.numbers import Numbers
from origin.analytics.periods import Period
from origin.analytics.place import Place
from origin.analytics.scope import Scope
from origin.analytics.tiers import Tier
from origin.conversions.settings import Attribution
from origin.storage import named_sql
from origin.storage.clickhouse import ClickHouse, ColumnBlocks, Rows

LIMIT = 1000
# Sums of coordinates, and of how many they are.
_PLACED = {
    "latitudes": "sum(sign * latitude)",
    "longitudes": "sum(sign * longitude)",
    "placed": "sumIf(sign, isNotNull(latitude))",
}
_NOWHERE = "CAST(NULL, 'Nullable(Float64)')"
_UNPLACED = {"latitudes": _NOWHERE, "longitudes": _NOWHERE, "placed": "toInt64(0)"}
_SQL = named_sql.load(Path(__file__).with_name("conversions.sql"))


# The rows themselves are read where tiers.py says `clicks`.
_NAMES = {"clicks": "credits"}


class Value(NamedTuple):
    """What to group by: an expression in SQL over the rows, and where it is kept for whole workspaces.

    `quarters`: it is made of the time alone. `dimension`: the rollup by value has it, and `rolled` makes it of a value there.
    """

    sql: str
    dimension: str = ""
    rolled: str = "value"
    quarters: bool = False

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The rollups that have it."""
        return tiers.QUARTERS if self.quarters else tiers.SPANS if self.dimension else ()


class ConversionReader:
    """The named queries of conversions.sql. `model` is that of the attribution: last or first."""

    def __init__(self, clickhouse: ClickHouse) -> None:
        self._clickhouse = clickhouse

    async def by_value(
        self,
        scope: Scope,
        period: Period,
        events: tuple[str, ...],
        attribution: Attribution,
        value: Value,
        *,
        placed: bool = False,
        **bound: Any,
    ) -> Rows:
        """Rows with value, leads, sales and revenue, those with most leads or revenue first.

        With `placed` their mean coordinates as well, which are null otherwise: two columns less to read.
        """
        factors = {name: float(each) for name, each in attribution.factors().items()}
        values = {
            **_bound(scope, events, attribution.model),
            "limit": LIMIT,
            "values": [],
            "dimension": value.dimension,
            "currencies": list(factors),
            "factors": list(factors.values()),
            "by": "leads" if events == ("lead",) else "sales",
            **bound,
        }
        if not factors:  # transform() takes no empty arrays
            values |= {"currencies": [""], "factors": [0.0]}
        kept = value.tiers if scope.link_ids is None and not scope.filters and not placed else ()
        parts = (
            scope.complete(_SQL[f"by_value_in_{_NAMES.get(source, source)}"], within)
            for source, within in tiers.sources(period, kept)
        )
        sql = _SQL["by_value"].replace("/*parts*/", "\nUNION ALL\n".join(parts))
        sql = sql.replace("/*value*/", value.sql).replace("/*rolled*/", value.rolled)
        for name, text in (_PLACED if placed else _UNPLACED).items():
            sql = sql.replace(f"/*{name}*/", text)
        return await self._clickhouse.query(sql, values)

    async def totals(self, workspace_id: int, link_ids: list[int], model: str) -> dict[int, dict[str, Any]]:
        """leads, sales, conversions and revenue of links; those without any are left out."""
        values = {"workspace": workspace_id, "links": link_ids, "model": model}
        return {row["link_id"]: row for row in await self._clickhouse.query(_SQL["totals"], values)}

    async def events(
        self,
        scope: Scope,
        period: Period,
        events: tuple[str, ...],
        model: str,
        bound: dict[str, Any],
        columns: tuple[str, ...],
        *,
        upwards: bool = False,
    ) -> Rows:
        """A page of conversions, the newest first, or the oldest with `upwards`."""
        sql = _SQL["events_upwards" if upwards else "events"].replace("/*columns*/", ", ".join(columns))
        values = {**_bound(scope, events, model), **bound}
        rows: Rows = []
        for span in period.widening(bound["after_ms"] // 1000 if bound["after"] else None, upwards=upwards):
            rows = await self._clickhouse.query(scope.complete(sql, tiers.CLICKS.within(span)), values)
            if len(rows) == bound["limit"]:
                break
        return rows

    def export(
        self, scope: Scope, period: Period, events: tuple[str, ...], model: str, columns: tuple[str, ...]
    ) -> AbstractAsyncContextManager[ColumnBlocks]:
        """All conversions of the period, block by block, each column by column."""
        sql = _complete("export", scope, period).replace("/*columns*/", ", ".join(columns))
        return self._clickhouse.stream(sql, _bound(scope, events, model))

    async def newest(self, workspace_id: int, model: str, after: Place, limit: int, columns: tuple[str, ...]) -> Rows:
        """Conversions that ClickHouse took after a place, the first ones first; `stored_ms` is when."""
        sql = _SQL["newest"].replace("/*columns*/", ", ".join(columns))
        values = {"workspace": workspace_id, "model": model, "limit": limit, **after._asdict()}
        return await self._clickhouse.query(sql, values)

    async def variants(self, scope: Scope, period: Period, events: tuple[str, ...], model: str) -> Rows:
        """By variant: people's clicks of the period, and how many of them became one of these events."""
        sql = _complete("variant_clicks", scope, period)
        return await self._clickhouse.query(sql, _bound(scope, events, model))


def numbers_of(row: dict[str, Any], clicks: int = 0) -> Numbers:
    """The numbers of a row of by_value."""
    return Numbers(clicks, row["leads"], row["sales"], row["revenue"])


def _bound(scope: Scope, events: tuple[str, ...], model: str) -> dict[str, Any]:
    return {**scope.parameters(), "events": list(events), "model": model}


def _complete(name: str, scope: Scope, period: Period) -> str:
    return scope.complete(_SQL[name], tiers.CLICKS.within(period.seconds()))
