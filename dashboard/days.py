"""Days that were typed: read, or what is wrong with them."""

from dataclasses import dataclass
from datetime import date

# Of the period before such a day origin can be asked as well.
_OLDEST_YEAR, _LAST_YEAR = 2000, 9998


@dataclass(frozen=True, slots=True)
class Days:
    """The first and the last day, as they were typed and as they were read. Where something is `wrong` there are none."""

    first: str = ""
    last: str = ""
    start: date | None = None
    end: date | None = None
    wrong: str = ""

    @classmethod
    def of(cls, first: str, last: str) -> "Days":
        """The last day may be missing: then they go on until now."""
        start, end = day(first), day(last)
        if wrong := _wrong(first, last, start, end):
            return cls(first, last, wrong=wrong)
        return cls(first, last, start, end)


def day(text: str) -> date | None:
    """A day that was typed; None where it is none, or none that clicks could be of."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if _OLDEST_YEAR <= found.year <= _LAST_YEAR else None


def written(of: date) -> str:
    """As in "3 Mar 2026"."""
    return f"{of:%-d %b %Y}"


def _wrong(first: str, last: str, start: date | None, end: date | None) -> str:
    for text, found in ((first, start), (last, end)):
        if text and not found:
            return f"“{text[:40]}” is no day from the year {_OLDEST_YEAR} on, such as 2026-11-20."
    if end and not start:
        return "A last day needs a first one."
    if start and end and end < start:
        return f"The first day, {written(start)}, is after the last one, {written(end)}."
    return ""
