"""Why a number is what it is: what became of every request."""

from dataclasses import dataclass

from dashboard.analytics_types import Accounting
from dashboard.question import KINDS, Question

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
