"""The rows of GET /analytics, by what they are grouped by."""

from datetime import UTC
from typing import Any

from origin.analytics.asking import iso
from origin.analytics.dimensions import GROUPINGS
from origin.analytics.model import AnalyticsQuery, row
from origin.analytics.periods import Period, Step
from origin.analytics.reader import AnalyticsReader
from origin.analytics.scope import Scope
from origin.problems import Unprocessable

OTHER = "(other)"
HOURS = [(weekday, hour) for weekday in range(1, 8) for hour in range(24)]
Rows = list[dict[str, Any]]


async def count(clicks: AnalyticsReader, query: AnalyticsQuery, scope: Scope, period: Period) -> dict[str, Any]:
    """One row."""
    found = row(await clicks.count(scope, period))
    if query.compare:
        found["previousClicks"] = await clicks.count(scope, period.previous())
    return found


async def timeseries(clicks: AnalyticsReader, query: AnalyticsQuery, scope: Scope, period: Period) -> Rows:
    """A row a bucket; the bucket before is that with the same place in the period before."""
    rows = [row(number, start=iso(start)) for start, number in await clicks.timeseries(scope, period)]
    if query.compare:
        before = [number for _, number in await clicks.timeseries(scope, period.previous())]
        for index, each in enumerate(rows):
            each["previousClicks"] = before[index] if index < len(before) else 0
    return rows


async def values(clicks: AnalyticsReader, query: AnalyticsQuery, scope: Scope, period: Period) -> Rows:
    """A row a value, the most frequent first, and perhaps one for all others."""
    grouping = GROUPINGS[query.group_by]
    if query.group_by == "parameters" and not query.parameter:
        raise Unprocessable("parameter: name the query parameter whose values to group by.")
    named = {"parameter": query.parameter} if query.group_by == "parameters" else {}
    top = await clicks.top_values(scope, period, grouping, limit=query.limit, parameter=query.parameter)
    constants = {**named, **dict(grouping.constants)}
    rows = [row(number, **grouping.split(value), **constants) for value, number in top.rows]
    rest = top.total - sum(number for _, number in top.rows)
    if query.other and rest:
        rows.append(row(rest, **dict.fromkeys(grouping.fields, OTHER), **constants))
    if query.compare:
        shown = tuple(value for value, _ in top.rows)
        before = await clicks.top_values(scope, period.previous(), grouping, values=shown, parameter=query.parameter)
        counts = dict(before.rows)
        for each, value in zip(rows, shown, strict=False):
            each["previousClicks"] = counts.get(value, 0)
    return rows


async def visitors(clicks: AnalyticsReader, query: AnalyticsQuery, scope: Scope, period: Period) -> Rows:
    """A row a UTC day, whatever the asker's zone is: for so long a visitor is the same one."""
    del query
    days = Period(period.start.astimezone(UTC), period.end.astimezone(UTC), Step.DAY, period.open_end)
    found = await clicks.visitors(scope, days)
    return [
        row(number, start=iso(start), visitors=found.get(start.date(), 0))
        for start, number in await clicks.timeseries(scope, days)
    ]


async def places(clicks: AnalyticsReader, query: AnalyticsQuery, scope: Scope, period: Period) -> Rows:
    """Cities for a map."""
    split = GROUPINGS["cities"].split
    return [
        row(each["clicks"], **split(each["value"]), latitude=each["mean_latitude"], longitude=each["mean_longitude"])
        for each in await clicks.places(scope, period, query.limit)
    ]


async def hours_of_week(clicks: AnalyticsReader, query: AnalyticsQuery, scope: Scope, period: Period) -> Rows:
    """All 168 hours of a week."""
    del query
    found = await clicks.hours_of_week(scope, period)
    return [row(found.get((weekday, hour), 0), weekday=weekday, hour=hour) for weekday, hour in HOURS]
