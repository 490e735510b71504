"""The figures at the head of the pages: clicks, visitors, leads and sales, and how they changed."""

from dataclasses import dataclass
from typing import NamedTuple

from dashboard.analytics_types import MEASURES, Point, Totals
from dashboard.days import written
from dashboard.formats import money, number, signed
from dashboard.question import RANGES, Question

# Of one and of several.
WORDS = {"clicks": ("click", "clicks"), "leads": ("lead", "leads"), "sales": ("sale", "sales")}


class Change(NamedTuple):
    """Against the period before: as in "+12 %", whether it is more, and in a sentence."""

    text: str
    direction: int
    meaning: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure; `url` shows the page by it, "" where it can't be. `chosen`: the page is by it now."""

    name: str
    label: str
    count: int
    url: str
    chosen: bool
    note: str
    change: Change | None


def tiles(
    question: Question, totals: Totals, points: list[Point], visitors: int, *, compared: bool, converts: bool
) -> list[Tile]:
    """Leads and sales are shown where it `converts`."""
    shown = [_tile(question, totals, points, name, compared=compared) for name in MEASURES]
    clicks, *others = shown
    note = "each counted once a day"
    visitor = Tile("visitors", "visitor" if visitors == 1 else "visitors", visitors, "", False, note, None)
    return [clicks, visitor, *(others if converts else [])]


def period(question: Question) -> str:
    """The time that the page is about, as in "in the last 7 days"."""
    if question.start:
        last = f" to {written(question.end)}" if question.end else " on"
        return (
            f"on {written(question.start)}"
            if question.start == question.end
            else f"from {written(question.start)}{last}"
        )
    return "in all" if question.interval == "all" else f"in the last {RANGES[question.interval]}"


def _tile(question: Question, totals: Totals, points: list[Point], name: str, *, compared: bool) -> Tile:
    count = totals.of(name)
    before = sum(point.before(name) for point in points)
    note = (
        " + ".join(money(amount, currency) for currency, amount in sorted(totals.revenue.items()))
        if name == "sales"
        else ""
    )
    url = question.url(measure="" if name == MEASURES[0] else name)
    change = _change(count, before, name) if compared else None
    return Tile(name, WORDS[name][count != 1], count, url, question.measure == name, note, change)


def _change(count: int, before: int, name: str) -> Change | None:
    if not before:
        return None
    ratio = count / before - 1
    more = (count > before) - (count < before)
    return Change(signed(ratio), more, f"{number(before)} {WORDS[name][before != 1]} in the period before")
