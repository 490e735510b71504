"""Where counts are kept by coarser and coarser units of time, and which of them answers for which part of a period."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from origin.analytics.periods import DAY, MONTH, Period, Span

QUARTER = 900


class Tier(NamedTuple):
    """Counts by one unit of time. A query reads it by its part `<query>_in_<source>` of queries.sql."""

    source: str
    column: str
    unit: int
    condition: str = ""

    def within(self, span: Span) -> str:
        """The rows of a span, in SQL: the numbers are ours."""
        if self.column == _PARTITION:
            return f"{_PARTITION} IN ({', '.join(map(repr, months(span)))})"
        first, end = (f"toDate({each // DAY})" if self.unit >= DAY else f"toDateTime({each})" for each in span)
        return f"({self.condition}{self.column} >= {first} AND {self.column} < {end})"

    def within_days(self, span: Span) -> str:
        """The same for the raw clicks of a whole workspace, which lie together by day: its times do not say which days."""
        first, last = span[0] // DAY, (span[1] - 1) // DAY
        return f"({self.within(span)} AND toDate({self.column}) BETWEEN toDate({first}) AND toDate({last}))"


# The raw clicks of whole months are whole partitions: asked for by name, their times need not be read.
_PARTITION = "_partition_id"
CLICKS = Tier("clicks", "timestamp", 1)
MONTHS_OF_CLICKS = (Tier("clicks", _PARTITION, MONTH),)
QUARTERS = (Tier("quarters", "quarter", QUARTER),)
LINKS = (Tier("days", "day", DAY), Tier("months", "month", MONTH))
VISITORS = (Tier("days", "day", DAY),)
# Of the combinations of these columns, which filters may name.
AUDIENCE = (Tier("audience", "day", DAY),)
AUDIENCE_COLUMNS = frozenset({"continent", "country", "trigger", "device", "browser", "os"})
# Of clicks, and of leads and sales, by value.
SPANS = (Tier("spans", "start", DAY, "span = 'day' AND "), Tier("spans", "start", MONTH, "span = 'month' AND "))


def sources(period: Period, tiers: Sequence[Tier], *, by_day: bool = False) -> list[tuple[str, str]]:
    """The sources that the period needs, each with the condition on its time: the raw clicks where no tier fits.

    `by_day` is for questions about whole workspaces, whose raw clicks lie together by day.
    """
    raw = CLICKS.within_days if by_day else CLICKS.within
    found: dict[tuple[str, str], list[str]] = {}
    for tier, spans in zip((CLICKS, *tiers), period.cut([tier.unit for tier in tiers]), strict=True):
        for span in spans:
            within = raw(span) if tier is CLICKS else tier.within(span)
            found.setdefault((tier.source, tier.column), []).append(within)
    if not found:  # all within one second
        return [(CLICKS.source, raw(period.seconds()))]
    return [(source, f"({' OR '.join(conditions)})") for (source, _), conditions in found.items()]


def months(span: Span) -> list[str]:
    """The UTC months of a span of whole ones, as 202611."""
    first, end = (datetime.fromtimestamp(each, UTC) for each in span)
    numbers = range(first.year * 12 + first.month - 1, end.year * 12 + end.month - 1)
    return [f"{number // 12}{number % 12 + 1:02}" for number in numbers]
