"""Ranges of time as people mean them: in their own zone, cut into local hours, days or months.

All boundaries are computed here as instants, so a day of 23 or 25 hours is one bucket, and ClickHouse needs no zone.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Granularity of ranges given by `start` and `end`.
_HOURS_UP_TO = timedelta(days=2)
_DAYS_UP_TO = timedelta(days=180)
_LATEST = 2**32 - 1
# Units of time that counts are kept by, in seconds; months are those of the UTC calendar, whatever their length.
HOUR, DAY, MONTH = 3600, 86_400, 31 * 86_400
# How far from its place a page looks first: little to read of a busy workspace, and seldom too little of a quiet one.
NEAR = 6 * HOUR
_WIDER = 24
Span = tuple[int, int]
_EARLIEST_YEAR = 1971  # so that no zone's offset leads below the first unix second


class BadPeriod(ValueError):
    """The range of time makes no sense; the message starts with the parameter's name."""


class Step(Enum):
    """How long a bucket is."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


class Period(NamedTuple):
    """From `start` to before `end`, as aware times in the asker's zone. `open_end`: until now, so nothing comes after it."""

    start: datetime
    end: datetime
    step: Step
    open_end: bool

    def bucket_starts(self) -> list[datetime]:
        """The start of each bucket that the period touches; the first may lie before `start`."""
        starts, current = [], floor(self.start, self.step)
        while current.timestamp() < self.end.timestamp():
            starts.append(current)
            current = _next(current, self.step)
        return starts

    def previous(self) -> "Period":
        """The one right before: as many buckets, where this one begins with a whole bucket, else the same time.

        Raises BadPeriod where it would begin before the first year that counts.
        """
        earlier = self._earlier()
        if earlier.start.year < _EARLIEST_YEAR:
            raise BadPeriod(f"start: the period before, to compare with, would begin before {_EARLIEST_YEAR}.")
        return earlier

    def _earlier(self) -> "Period":
        length = self.end.timestamp() - self.start.timestamp()
        if floor(self.start, self.step).timestamp() != self.start.timestamp():
            earlier = datetime.fromtimestamp(self.start.timestamp() - length, self.start.tzinfo)
            return Period(earlier, self.start, self.step, open_end=False)
        first = self.start
        for _ in self.bucket_starts():
            first = floor(datetime.fromtimestamp(first.timestamp() - 1, first.tzinfo), self.step)
        last = min(self.start.timestamp(), first.timestamp() + length)
        return Period(first, datetime.fromtimestamp(last, first.tzinfo), self.step, open_end=False)

    def seconds(self) -> Span:
        """Unix seconds from and to. An open end is that of the UTC month, so that whole units lead up to it."""
        start, end = int(self.start.timestamp()), int(self.end.timestamp())
        return start, _up(end, MONTH) if self.open_end else end

    def widening(self, at: int | None, *, upwards: bool) -> Iterator[Span]:
        """Spans that begin with the hours before (or after) `at`, or the period's own end, and grow to the whole period.

        For pages: the first of these that fills the page makes the same one as the whole period would. What is there of an
        open end is read each time: few clicks can be ahead of the time.
        """
        start, end = self.seconds()
        edge = at if at is not None else start if upwards else int(self.end.timestamp())
        length = NEAR
        while length < end - start:
            yield (start, min(end, edge + length)) if upwards else (max(start, edge - length), end)
            length *= _WIDER
        yield start, end

    def cut(self, units: Sequence[int]) -> list[list[Span]]:
        """The period in pieces that hold nothing twice: what no unit fits in, then those of whole units, each unit in turn.

        Units are seconds (or MONTH), each one a part of the next; the coarsest takes what it can.
        """
        spans = [self.seconds()]
        for unit in units:
            start, end = spans[-1]
            first, last = _up(start, unit), _down(end, unit)
            spans.append((first, last) if first <= last else (end, end))
        pieces = [[(a, b), (c, d)] for (a, d), (b, c) in pairwise(spans)]
        return [[(a, b) for a, b in piece if a < b] for piece in [*pieces, spans[-1:]]]


def zone_of(name: str) -> ZoneInfo:
    """The IANA time zone; raises BadPeriod."""
    try:
        return ZoneInfo(name)
    except (
        ZoneInfoNotFoundError,
        ValueError,
        OSError,
    ) as error:  # ValueError: a path, OSError: a folder or a long name
        raise BadPeriod(f"timezone: {name!r} is no IANA time zone such as Europe/Berlin.") from error


def of_interval(interval: str, zone: ZoneInfo, now: datetime, first: datetime | None = None) -> Period:
    """The period that an interval's name means. It begins with a whole bucket; `first` is where `all` begins."""
    local = now.astimezone(zone)
    starts = {
        "24h": (timedelta(hours=24), Step.HOUR),
        "7d": (timedelta(days=7), Step.DAY),
        "30d": (timedelta(days=30), Step.DAY),
        "90d": (timedelta(days=90), Step.DAY),
    }
    if interval in starts:
        back, step = starts[interval]
        # In UTC: local arithmetic would count a day with a clock change as 24 hours.
        start = (now.astimezone(UTC) - back).astimezone(zone) if step is Step.HOUR else local - back
    elif interval == "all":
        start, step = first or local, Step.MONTH
    else:
        start, step = _calendar_start(interval, local)
    return Period(floor(start.astimezone(zone), step), local, step, open_end=True)


def of_range(start: str, end: str, zone: ZoneInfo, now: datetime) -> Period:
    """The period from `start` to `end` (empty: now), ISO 8601; a time without offset is in the zone. Raises BadPeriod."""
    first = _parse("start", start, zone)
    last = _parse("end", end, zone) if end else now.astimezone(zone)
    if not first.timestamp() < last.timestamp():
        raise BadPeriod("start: it must be before `end`, and not in the future.")
    length = last - first
    step = Step.HOUR if length <= _HOURS_UP_TO else Step.DAY if length <= _DAYS_UP_TO else Step.MONTH
    return Period(first, last, step, open_end=last.timestamp() >= now.timestamp())


def floor(at: datetime, step: Step) -> datetime:
    """The start of the local hour, day or month that `at` is in."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    if step is Step.HOUR:
        return hour
    day = hour.replace(hour=0, fold=0)
    return day if step is Step.DAY else day.replace(day=1)


def _next(start: datetime, step: Step) -> datetime:
    if step is Step.HOUR:
        later = (start.astimezone(UTC) + timedelta(hours=1)).astimezone(start.tzinfo)
        floored = floor(later, step)
        # Where clocks go back by half an hour, flooring would lead back to where we are.
        return floored if floored.timestamp() > start.timestamp() else later
    return floor(start + timedelta(days=1 if step is Step.DAY else 31), step)


def _calendar_start(interval: str, local: datetime) -> tuple[datetime, Step]:
    if interval == "1y":
        # The 29th of February has none a year before; the floor to the month makes it the same.
        return local.replace(year=local.year - 1, day=1), Step.MONTH
    if interval == "mtd":
        return floor(local, Step.MONTH), Step.DAY
    if interval == "qtd":
        return local.replace(
            month=(local.month - 1) // 3 * 3 + 1, day=1, hour=0, minute=0, second=0, microsecond=0
        ), Step.DAY
    assert interval == "ytd", interval
    return local.replace(month=1, day=1), Step.MONTH


def _parse(name: str, text: str, zone: ZoneInfo) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
        local = parsed.astimezone(zone) if parsed.tzinfo else parsed.replace(tzinfo=zone)
    except (ValueError, OverflowError) as error:
        raise BadPeriod(f"{name}: {text!r} is no ISO 8601 time such as 2026-03-01T00:00:00Z.") from error
    if local.year < _EARLIEST_YEAR or local.timestamp() > _LATEST:
        raise BadPeriod(f"{name}: {text!r} is outside the years {_EARLIEST_YEAR} to 2106.")
    return local


def _up(second: int, unit: int) -> int:
    down = _down(second, unit)
    return down if down == second else _down(down + unit, unit)


def _down(second: int, unit: int) -> int:
    if unit != MONTH:
        return second - second % unit
    return int(floor(datetime.fromtimestamp(second, UTC), Step.MONTH).timestamp())
