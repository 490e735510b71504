"""Why a number is what it is: what became of every request."""

from dataclasses import dataclass
from typing import NamedTuple

from dashboard.analytics_types import Accounting, Outcomes
from dashboard.question import KINDS, Question
from shared.uncounted import uncounted

# Field of the accounting: the kind of its events, and what it is.
_PARTS = {
    "clicks": ("", "People who were led on by a browser."),
    "bots": ("bot", "Programs, known by their name, their network or how they ask. So is curl."),
    "previews": ("preview", "A messenger or social network looked at what is behind the link."),
    "prefetches": ("prefetch", "A browser loaded the page ahead; perhaps nobody opened it."),
    "heads": ("head", "Programs that only check whether a link works."),
    "duplicates": ("duplicate", "Reported twice by the edge, and counted where they came first."),
    "capped": (
        "capped",
        "People who came after the plan\N{RIGHT SINGLE QUOTATION MARK}s clicks of the month were used up.",
    ),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One part of the sum. `offset` and `share` are of all requests, 0 to 1; `url` leads to its events."""

    name: str
    label: str
    meaning: str
    count: int
    offset: float
    share: float
    url: str


# The same of leads and sales, none of which but the counted ones are events.
OUTCOMES = {
    "counted": ("Counted", "Credited to a click."),
    "duplicates": ("Duplicates", "Tracked before: the same event of the same customer, or the same invoice."),
    "unattributed": ("Without a click", "No click of theirs is known, or none within the time that counts."),
    "pending": ("Pending", "Their click has not arrived yet; it is looked for."),
}


class Sum(NamedTuple):
    """All of something, by its parts. `all_of` names it, `short` says in a line what is not counted."""

    total: int
    lines: list[Line]
    all_of: str
    short: str


def of_requests(question: Question, found: Accounting) -> Sum:
    """Why there are so many clicks."""
    return Sum(found.requests, lines(question, found), "requests", _short(found))


def _short(found: Accounting) -> str:
    """What is not counted, or that there is nothing such."""
    if left := uncounted(found.parts):
        return f"{left}."
    if found.requests == 1:
        return "The one request is a click."
    return f"All {found.requests:,} requests are clicks." if found.requests else "There are no requests."


def of_outcomes(question: Question, found: Outcomes) -> Sum:
    """Why there are so many leads or sales."""
    shown, offset, of_all = [], 0, found.received or 1
    for name, count in found.parts.items():
        label, meaning = OUTCOMES[name]
        kind = question.measure.removesuffix("s")
        url = question.events_url(kind) if name == "counted" else question.outcome_url(name)
        if count or name == "counted":
            shown.append(Line(name, label, meaning, count, offset / of_all, count / of_all, url))
        offset += count
    left = found.received - found.counted.events
    return Sum(found.received, shown, question.measure, f"{left:,} of {found.received:,} not counted." if left else "")


def lines(question: Question, found: Accounting) -> list[Line]:
    """The parts whose sum is all requests; those that there are none of are left out, but for clicks."""
    shown, offset = [], 0
    for name, count in found.parts.items():
        kind, meaning = _PARTS[name]
        if count or name == "clicks":
            of_all = found.requests or 1
            url = question.events_url(kind)
            shown.append(Line(name, KINDS[kind], meaning, count, offset / of_all, count / of_all, url))
        offset += count
    return shown
