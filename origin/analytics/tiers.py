"""Where counts are kept by coarser and coarser units of time, and which of them answers for which part of a period."""

from collections.abc import Sequence
from typing import NamedTuple

from origin.analytics.periods import DAY, HOUR, MONTH, Period, Span

QUARTER = 900


class Tier(NamedTuple):
    """Counts by one unit of time. A query reads it by its part `<query>_in_<source>` of queries.sql."""

    source: str
    column: str
    unit: int
    condition: str = ""

    def within(self, span: Span) -> str:
        """The rows of a span, in SQL: the two numbers are ours."""
        first, end = (f"toDate({each // DAY})" if self.unit >= DAY else f"toDateTime({each})" for each in span)
        return f"({self.condition}{self.column} >= {first} AND {self.column} < {end})"


CLICKS = Tier("clicks", "timestamp", 1)
QUARTERS = (Tier("quarters", "quarter", QUARTER),)
LINKS = (Tier("days", "day", DAY), Tier("months", "month", MONTH))
VISITORS = (Tier("days", "day", DAY),)
_MONTHS = Tier("spans", "start", MONTH, "span = 'month' AND ")
# Of values that are few enough to be kept by the hour, and of those that are kept by UTC day at the finest.
BY_HOUR = (Tier("hours", "hour", HOUR), Tier("spans", "start", DAY, "span = 'day' AND "), _MONTHS)
BY_DAY = (Tier("hours", "toDate(hour)", DAY), _MONTHS)


def sources(period: Period, tiers: Sequence[Tier]) -> dict[str, str]:
    """The sources that the period needs, each with the condition on its time: the raw clicks where no tier fits."""
    found: dict[str, list[str]] = {}
    for tier, spans in zip((CLICKS, *tiers), period.cut([tier.unit for tier in tiers]), strict=True):
        for span in spans:
            found.setdefault(tier.source, []).append(tier.within(span))
    if not found:  # all within one second
        found[CLICKS.source] = [CLICKS.within(period.seconds())]
    return {source: f"({' OR '.join(conditions)})" for source, conditions in found.items()}
