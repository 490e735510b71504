"""Figures about clicks, as the page of a link and that of a workspace show them."""

import asyncio
import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from dashboard.accounting import Sum, of_outcomes, of_requests
from dashboard.analytics_calls import AnalyticsCalls, Params
from dashboard.analytics_types import MEASURES, Accounting, Outcomes, Point, Row, Totals
from dashboard.dimensions import CARDS, CITIES, Card, Top
from dashboard.formats import OTHER, zone_of
from dashboard.heat import Heat, heat
from dashboard.measures import WORDS, Tile, tiles
from dashboard.question import Question
from dashboard.world import Dot, dots

TOP_ROWS = 8
_DAY = timedelta(hours=23)
_MOST_PLACES = 300


@dataclass(frozen=True, slots=True)
class Brief:
    """What says whether anything has changed since the page was last written."""

    totals: Totals
    accounting: Accounting | Outcomes

    def sum(self, question: Question) -> Sum:
        """Why the number is what it is."""
        if isinstance(self.accounting, Outcomes):
            return of_outcomes(question, self.accounting)
        return of_requests(question, self.accounting)

    def mark(self, *more: object) -> str:
        """The same as long as the figures, and what else is named, are the same."""
        return hashlib.blake2b(repr((self, more)).encode(), digest_size=8).hexdigest()


class Listed(NamedTuple):
    """A card with the list of it that is shown."""

    card: Card
    top: Top
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Figures:
    """All that the pages draw."""

    brief: Brief
    points: list[Point]
    visitors: int
    cards: list[Listed]
    cities: list[Row]
    dots: list[Dot]
    heat: Heat
    measure: str
    compared: bool
    converts: bool

    def tiles(self, question: Question) -> list[Tile]:
        return tiles(
            question, self.brief.totals, self.points, self.visitors, compared=self.compared, converts=self.converts
        )

    @property
    def whole_days(self) -> bool:
        """Whether each step begins with a day, so that its hour says nothing; a day of the change of clocks has 23 hours."""
        starts = [point.start for point in self.points]
        return len(starts) > 1 and all(later - earlier >= _DAY for earlier, later in pairwise(starts))

    def empty(self, top: Top) -> str:
        """Why a list has no rows."""
        one, several = WORDS[self.measure]
        if not self.brief.totals.of(self.measure):
            return f"No {several} in this time."
        if top.field.startswith("utm_"):
            return f"No {one} of this time came with a {top.one.lower()}."
        return f"No {one} of this time told its {top.one.lower()}."

    @property
    def has_before(self) -> bool:
        """Whether there is anything in the period before to compare with."""
        return any(point.before(self.measure) for point in self.points)

    @property
    def chart(self) -> str:
        """The chart's columns as JSON: unix seconds, the number, and, where there is one, that of the period before."""
        columns: list[list[Any]] = [
            [int(point.start.timestamp()) for point in self.points],
            [point.of(self.measure) for point in self.points],
        ]
        if self.has_before:
            columns.append([point.before(self.measure) for point in self.points])
        return msgspec.json.encode(columns).decode()


async def brief(calls: AnalyticsCalls, token: str, question: Question, params: Params) -> Brief:
    """The two answers that a page looks at every few seconds."""
    if question.measure == MEASURES[0]:
        return Brief(*await asyncio.gather(calls.totals(token, params), calls.accounting(token, params)))
    return Brief(*await asyncio.gather(calls.totals(token, params), calls.outcomes(token, params)))


async def figures(calls: AnalyticsCalls, token: str, question: Question, params: Params, known: Brief) -> Figures:
    """What origin says of the clicks that the question is about."""
    compared = question.interval != "all" or question.is_custom()
    compared = compared and not question.goes_ahead(zone_of(params["timezone"]))
    converted = known.totals.leads or known.totals.sales or question.measure != MEASURES[0]
    converted = converted or await _converts(calls, token, question, params)
    over_time = {**params, **({"compare": "previous"} if compared else {})}
    over_time |= {"event": "composite"} if converted else {}
    shown = [card.chosen(question.lists.get(card.name, "")) for card in CARDS]
    (points, visitors, hours, places), (cities, *rows) = await asyncio.gather(
        asyncio.gather(
            calls.timeseries(token, over_time),
            calls.visitors(token, params),
            calls.hours_of_week(token, params),
            calls.places(token, {**params, "limit": str(_MOST_PLACES)}),
        ),
        asyncio.gather(*(_top(calls, token, params, top) for top in (CITIES, *shown))),
    )
    cards = [Listed(card, top, each) for card, top, each in zip(CARDS, shown, rows, strict=True)]
    return Figures(
        known, points, visitors, cards, cities, dots(question, places), heat(hours, question.measure), question.measure,
        compared, bool(converted),
    )  # fmt: skip


async def _converts(calls: AnalyticsCalls, token: str, question: Question, params: Params) -> bool:
    """Whether there were leads or sales of late beside what filters leave: then none of them is a figure as well."""
    if not question.filters:
        return False
    everything = replace(question, filters={}, excluded=frozenset(), interval="1y", start=None, end=None)
    totals = await calls.totals(token, everything.params(zone_of(params["timezone"])))
    return bool(totals.leads or totals.sales)


async def _top(calls: AnalyticsCalls, token: str, params: Params, top: Top) -> list[Row]:
    rows = await calls.top(token, {**params, "limit": str(TOP_ROWS + 1), "other": "true"}, top.group, top.field)
    return shortened(rows)


def shortened(rows: list[Row]) -> list[Row]:
    """At most TOP_ROWS values, and a row for all others where those are several: a single one stands for itself."""
    if len(rows) <= TOP_ROWS + 1 and (not rows or rows[-1].name != OTHER):
        return rows
    return [*rows[:TOP_ROWS], Row(OTHER, sum(row.count for row in rows[TOP_ROWS:]))]
