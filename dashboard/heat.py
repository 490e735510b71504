"""When in the week people come: a field an hour, the darker the more."""

from dataclasses import dataclass
from typing import NamedTuple

from dashboard.analytics_types import Hour
from dashboard.measures import WORDS

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Of how many shades the fields are, beside that for nothing.
SHADES = 5


@dataclass(frozen=True, slots=True)
class Field:
    """An hour of the week; shade 0 is nothing, SHADES the most that any hour has."""

    hour: int
    count: int
    shade: int
    text: str


class Heat(NamedTuple):
    """The week, by day; `busiest` says in words when most come, "" where nobody came."""

    days: list[tuple[str, list[Field]]]
    busiest: str


def heat(hours: list[Hour], measure: str) -> Heat:
    """The rows that origin gives for all 168 hours."""
    counts = {(each.weekday, each.hour): each.of(measure) for each in hours}
    most = max(counts.values(), default=0)
    days = [
        (name, [_field(name, hour, counts.get((day, hour), 0), most, measure) for hour in range(24)])
        for day, name in enumerate(DAYS, 1)
    ]
    if not most:
        return Heat(days, "")
    day, hour = next(at for at, count in counts.items() if count == most)
    return Heat(days, f"{DAYS[day - 1]} between {hour:02}:00 and {(hour + 1) % 24:02}:00")


def _field(day: str, hour: int, count: int, most: int, measure: str) -> Field:
    shade = -(-SHADES * count // most) if most else 0
    return Field(hour, count, shade, f"{day} {hour:02}:00: {count:,} {WORDS[measure][count != 1]}")
