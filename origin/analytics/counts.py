"""The numbers behind a question: clicks from the rollups, leads and sales beside them, by the same keys."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from origin.analytics.conversion_reader import LIMIT, ConversionReader, Value, numbers_of
from origin.analytics.dimensions import EVENT_NAMES, GROUPINGS, Grouping
from origin.analytics.numbers import EVENTS, NOTHING, Event, Numbers
from origin.analytics.periods import Period
from origin.analytics.reader import AnalyticsReader
from origin.analytics.scope import Scope
from origin.conversions.settings import Attribution


def _of_time(sql: str) -> Value:
    """A value that is made of the time of an event, or of the quarter of an hour that it is in."""
    return Value(sql, rolled=sql.replace("timestamp", "quarter"), quarters=True)


_ALL = _of_time("'all'")
_BUCKET = _of_time("roundDown(toUnixTimestamp(timestamp), {buckets:Array(UInt32)})")
_HOUR_OF_WEEK = _of_time(
    "concat(toString(toDayOfWeek(timestamp, 0, {zone:String})), ' ', toString(toHour(timestamp, {zone:String})))"
)
_LINK = Value("link_id", dimension="link_id")
Ranked = list[tuple[str, Numbers]]


@dataclass(frozen=True, slots=True)
class Counts:
    """Asks for what a question's `event` is about. `own_scope` has filters that conversions alone have."""

    event: Event
    scope: Scope
    own_scope: Scope
    attribution: Attribution
    clicks: AnalyticsReader
    conversions: ConversionReader

    @property
    def with_clicks(self) -> bool:
        """Whether clicks are asked for."""
        return self.event in {"clicks", "composite"}

    @property
    def with_conversions(self) -> bool:
        """Whether leads or sales are."""
        return self.event != "clicks"

    async def total(self, period: Period) -> Numbers:
        """Of the whole period."""
        clicks = await self.clicks.count(self.scope, period) if self.with_clicks else 0
        found = await self.by_value(period, _ALL)
        return found.get("all", NOTHING)._replace(clicks=clicks)

    async def timeseries(self, period: Period) -> list[tuple[datetime, Numbers]]:
        """Of each bucket, those without any included."""
        starts = period.bucket_starts()
        clicks = (
            [number for _, number in await self.clicks.timeseries(self.scope, period)] if self.with_clicks else None
        )
        seconds = [int(start.timestamp()) for start in starts]
        found = await self.by_value(period, _BUCKET, buckets=seconds, limit=max(LIMIT, len(seconds)))
        return [
            (start, found.get(str(second), NOTHING)._replace(clicks=0 if clicks is None else clicks[index]))
            for index, (start, second) in enumerate(zip(starts, seconds, strict=True))
        ]

    async def values(
        self,
        period: Period,
        grouping: Grouping,
        *,
        limit: int = LIMIT,
        values: tuple[str, ...] = (),
        parameter: str = "",
        summed: bool = False,
    ) -> tuple[Ranked, Numbers]:
        """Values of a dimension, those with most clicks (or leads, or revenue) first, and, if `summed`, the sum over all."""
        clicks, sum_of_clicks = dict[str, int](), 0
        if self.with_clicks and grouping is not EVENT_NAMES:
            top = await self.clicks.top_values(
                self.scope, period, grouping, limit=limit, values=values, parameter=parameter
            )
            clicks, sum_of_clicks = dict(top.rows), top.total
        bound = {"parameter": parameter}
        ranked = await self._ranked(period, _value(grouping), clicks, limit, values, bound)
        every = await self.by_value(period, _any_value(grouping), **bound) if summed else {}
        return ranked, every.get("all", NOTHING)._replace(clicks=sum_of_clicks)

    async def links(self, period: Period, limit: int) -> list[tuple[int, Numbers]]:
        """Links, in the same order."""
        clicks = dict(await self.clicks.top_links(self.scope, period, limit)) if self.with_clicks else {}
        named = {str(number): count for number, count in clicks.items()}
        return [(int(value), numbers) for value, numbers in await self._ranked(period, _LINK, named, limit, (), {})]

    async def hours_of_week(self, period: Period) -> dict[tuple[int, int], Numbers]:
        """By weekday (1 is Monday) and hour of the period's own zone."""
        clicks = await self.clicks.hours_of_week(self.scope, period) if self.with_clicks else {}
        found = {hour: Numbers(number) for hour, number in clicks.items()}
        for value, numbers in (await self.by_value(period, _HOUR_OF_WEEK, zone=str(period.start.tzinfo))).items():
            weekday, hour = map(int, value.split())
            found[weekday, hour] = numbers.plus(found.get((weekday, hour), NOTHING))
        return found

    async def places(self, period: Period, limit: int) -> list[dict[str, Any]]:
        """Cities that have coordinates: value, numbers, mean_latitude and mean_longitude."""
        city = _value(GROUPINGS["cities"])
        rows = await self.clicks.places(self.scope, period, limit) if self.with_clicks else []
        found = {row["value"]: {**row, "numbers": Numbers(row["clicks"])} for row in rows}
        if self.with_conversions:
            shown = {"values": list(found)} if found else {"limit": limit}
            for row in await self._ask(period, city, placed=True, **shown):
                if row["value"] in found:
                    found[row["value"]]["numbers"] = numbers_of(row, found[row["value"]]["clicks"])
                elif row["mean_latitude"] is not None:
                    found[row["value"]] = {**row, "numbers": numbers_of(row)}
        return list(found.values())

    async def _ranked(
        self,
        period: Period,
        value: Value,
        clicks: dict[str, int],
        limit: int,
        values: tuple[str, ...],
        bound: dict[str, Any],
    ) -> Ranked:
        """Those with most clicks, then those with conversions alone: what a click is missing of is further down."""
        ranked = dict.fromkeys(clicks, NOTHING)
        if self.with_conversions:
            shown = await self.by_value(period, value, values=list(clicks), limit=limit, **bound) if clicks else {}
            room = limit - len(clicks)
            more = await self.by_value(period, value, values=list(values), limit=limit, **bound) if room else {}
            ranked |= {**more, **shown}
        found = [(name, numbers._replace(clicks=clicks.get(name, 0))) for name, numbers in ranked.items()]
        return found[:limit]

    async def by_value(self, period: Period, value: Value, **bound: Any) -> dict[str, Numbers]:
        """Leads and sales by value; empty where clicks alone are asked for."""
        return {row["value"]: numbers_of(row) for row in await self._ask(period, value, **bound)}

    async def _ask(self, period: Period, value: Value, **bound: Any) -> list[dict[str, Any]]:
        if not self.with_conversions:
            return []
        return await self.conversions.by_value(
            self.own_scope, period, EVENTS[self.event], self.attribution, value, **bound
        )


def _value(grouping: Grouping) -> Value:
    kept = bool(grouping.tiers) or grouping is EVENT_NAMES
    return Value(grouping.column, (grouping.dimension or grouping.column) if kept else "", grouping.rolled)


def _any_value(grouping: Grouping) -> Value:
    """One value for all that have one."""
    return _value(grouping)._replace(sql=f"if(toString({grouping.column}) != '', 'all', '')", rolled="'all'")
