"""The rows of GET /analytics, by what they are grouped by."""

from datetime import UTC
from typing import Any

from origin.analytics.asking import iso
from origin.analytics.counts import Counts
from origin.analytics.dimensions import GROUPINGS
from origin.analytics.model import AnalyticsQuery
from origin.analytics.numbers import NOTHING, Numbers
from origin.analytics.periods import Period, Step
from origin.problems import Unprocessable

OTHER = "(other)"
HOURS = [(weekday, hour) for weekday in range(1, 8) for hour in range(24)]
Rows = list[dict[str, Any]]


async def count(counts: Counts, query: AnalyticsQuery, period: Period) -> dict[str, Any]:
    """One row."""
    found = row(counts, await counts.total(period))
    if query.compare:
        found |= _before(counts, await counts.total(period.previous()))
    return found


async def timeseries(counts: Counts, query: AnalyticsQuery, period: Period) -> Rows:
    """A row a bucket; the bucket before is that with the same place in the period before."""
    rows = [row(counts, numbers, start=iso(start)) for start, numbers in await counts.timeseries(period)]
    if query.compare:
        before = [numbers for _, numbers in await counts.timeseries(period.previous())]
        for index, each in enumerate(rows):
            each.update(_before(counts, before[index] if index < len(before) else NOTHING))
    return rows


async def values(counts: Counts, query: AnalyticsQuery, period: Period) -> Rows:
    """A row a value, the most frequent first, and perhaps one for all others."""
    grouping = GROUPINGS[query.group_by]
    if query.group_by == "parameters" and not query.parameter:
        raise Unprocessable("parameter: name the query parameter whose values to group by.")
    if query.group_by == "event_names" and query.event == "clicks":
        raise Unprocessable("groupBy: only leads and sales have event_names; ask with event=leads, sales or composite.")
    named = {"parameter": query.parameter} if query.group_by == "parameters" else {}
    ranked, rest = await counts.values(
        period, grouping, limit=query.limit, parameter=query.parameter, summed=query.other
    )
    constants = {**named, **dict(grouping.constants)}
    rows = [row(counts, numbers, **grouping.split(value), **constants) for value, numbers in ranked]
    for _, numbers in ranked:
        rest = rest.plus(numbers, -1)
    if query.other and rest.any():
        rows.append(row(counts, rest, **dict.fromkeys(grouping.fields, OTHER), **constants))
    if query.compare:
        shown = tuple(value for value, _ in ranked)
        before = dict((await counts.values(period.previous(), grouping, values=shown, parameter=query.parameter))[0])
        for each, value in zip(rows, shown, strict=False):
            each.update(_before(counts, before.get(value, NOTHING)))
    return rows


async def visitors(counts: Counts, query: AnalyticsQuery, period: Period) -> Rows:
    """A row a UTC day, whatever the asker's zone is: for so long a visitor is the same one."""
    del query
    days = Period(period.start.astimezone(UTC), period.end.astimezone(UTC), Step.DAY, period.open_end)
    found = await counts.clicks.visitors(counts.scope, days)
    return [
        row(counts, numbers, start=iso(start), visitors=found.get(start.date(), 0))
        for start, numbers in await counts.timeseries(days)
    ]


async def places(counts: Counts, query: AnalyticsQuery, period: Period) -> Rows:
    """Cities for a map."""
    split = GROUPINGS["cities"].split
    return [
        row(
            counts,
            each["numbers"],
            **split(each["value"]),
            latitude=each["mean_latitude"],
            longitude=each["mean_longitude"],
        )
        for each in await counts.places(period, query.limit)
    ]


async def hours_of_week(counts: Counts, query: AnalyticsQuery, period: Period) -> Rows:
    """All 168 hours of a week."""
    del query
    found = await counts.hours_of_week(period)
    return [row(counts, found.get((weekday, hour), NOTHING), weekday=weekday, hour=hour) for weekday, hour in HOURS]


def row(counts: Counts, numbers: Numbers, **fields: Any) -> dict[str, Any]:
    """A row of the answer."""
    return {**fields, **numbers.fields(counts.attribution.factors())}


def _before(counts: Counts, numbers: Numbers) -> dict[str, Any]:
    """The numbers of the period before, of what was asked for."""
    found = {f"previous{name[0].upper()}{name[1:]}": value for name, value in row(counts, numbers).items()}
    return found if counts.with_conversions else {"previousClicks": found["previousClicks"]}
