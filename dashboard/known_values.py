"""The values that clicks of a time have: to filter by one as it is written, and to say of one that no click has."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import tzinfo

from dashboard.address import can_filter
from dashboard.analytics_calls import AnalyticsCalls
from dashboard.analytics_types import MEASURES, Event, Row
from dashboard.dimensions import FILTERS, TOPS
from dashboard.event_feed import value
from dashboard.formats import OTHER, row_label
from dashboard.measures import period
from dashboard.question import Question
from dashboard.stats import Listed

_TOPS = {top.field: top for top in TOPS if not top.cut}
_MOST, _MOST_CHOICES = "1000", 200
Choice = tuple[str, str]  # what is typed, and what it is a value of


async def settled(calls: AnalyticsCalls, token: str, question: Question, zone: tzinfo) -> Question:
    """The question with the filter that was just typed in the spelling that clicks have, whatever the case was."""
    if question.typed not in _TOPS:
        return question
    rows = await _rows(calls, token, question, zone, question.typed)
    typed = question.filters[question.typed].split(",")
    found = dict.fromkeys(_written_as(each, question.typed, rows) for each in typed)
    return replace(question, filters={**question.filters, question.typed: ",".join(found)})


async def doubts(calls: AnalyticsCalls, token: str, question: Question, zone: tzinfo) -> list[str]:
    """A sentence for each filter whose value no click of the time has: that it finds nothing measures nothing."""
    names = [name for name in question.filters if name in _TOPS and name not in question.excluded]
    lists = await asyncio.gather(*(_rows(calls, token, question, zone, name) for name in names))
    return [
        f"No click {period(question)} has “{row_label(each, name)}” as its {FILTERS[name].lower()}."
        for name, rows in zip(names, lists, strict=True)
        for each in question.filters[name].split(",")
        if len(rows) < int(_MOST) and each not in {row.name for row in rows}
    ]


def choices(cards: Iterable[Listed], cities: list[Row]) -> list[Choice]:
    """What the page's lists show, to choose from."""
    lists = [*((listed.top.field, listed.rows) for listed in cards if not listed.top.cut), ("city", cities)]
    return _choices((name, row.name) for name, rows in lists for row in rows)


def choices_of(events: Iterable[Event]) -> list[Choice]:
    """The same of a list of events."""
    return _choices((name, value(event, name)) for event in events for name in _TOPS)


def _choices(found: Iterable[tuple[str, str]]) -> list[Choice]:
    labels = dict.fromkeys((row_label(each, name), FILTERS[name]) for name, each in found if each not in ("", OTHER))
    return list(labels)[:_MOST_CHOICES]


def _written_as(typed: str, name: str, rows: list[Row]) -> str:
    """The value itself, or the most frequent one that reads like it and can be a filter."""
    names = [row.name for row in rows]
    alike = (each for each in names if typed.casefold() in (each.casefold(), row_label(each, name).casefold()))
    return typed if typed in names else next((each for each in alike if can_filter(each)), typed)


async def _rows(calls: AnalyticsCalls, token: str, question: Question, zone: tzinfo, name: str) -> list[Row]:
    alone = replace(question, filters={}, excluded=frozenset(), measure=MEASURES[0])
    top = _TOPS[name]
    return await calls.top(token, {**alone.params(zone), "limit": _MOST}, top.group, top.field)
