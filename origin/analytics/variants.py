"""groupBy=variants: how the variants of one link did, against the first of them."""

from dataclasses import replace
from typing import Any

import msgspec

from origin.analytics import stats
from origin.analytics.conversion_reader import Value
from origin.analytics.counts import Counts
from origin.analytics.numbers import EVENTS, NOTHING
from origin.analytics.periods import Period
from origin.analytics.stats import Sample
from origin.links.model import Link
from origin.problems import Unprocessable

SIGNIFICANT = 0.05
Rows = list[dict[str, Any]]


async def variants(counts: Counts, period: Period, link: Link) -> Rows:
    """A row a variant. Counted are the period's clicks, and those of them that became what `event` says, whenever that was."""
    if counts.event == "clicks":
        counts = replace(counts, event="composite")
    events = EVENTS[counts.event]
    found = await counts.conversions.variants(counts.scope, period, events, "last")
    samples = {row["variant"]: Sample(row["clicks"], row["converted"]) for row in found}
    urls = [each["url"] for each in msgspec.to_builtins(link.test_variants or [])]
    if not urls and not samples:
        raise Unprocessable("groupBy: this link has no variants.")
    came = await counts.by_value(period, Value("variant"))
    numbers = range(max(len(urls), max(samples, default=-1) + 1))
    control = samples.get(0, Sample(0, 0))
    tests = max(1, len(numbers) - 1)
    rows = []
    for number in numbers:
        sample = samples.get(number, Sample(0, 0))
        shown: dict[str, Any] = {
            "variant": number,
            "url": urls[number] if number < len(urls) else "",
            "control": number == 0,
        }
        own = came.get(str(number), NOTHING)._replace(clicks=sample.clicks)
        shown |= {**own.fields(counts.attribution.factors()), **_own(sample)}
        rows.append({**shown, **(_against(control, sample, tests) if number else {})})
    return rows


def _own(sample: Sample) -> dict[str, Any]:
    interval = stats.wilson(sample)
    return {
        "converted": sample.converted,
        "conversionRate": sample.rate,
        "conversionRateLow": interval.low,
        "conversionRateHigh": interval.high,
    }


def _against(control: Sample, sample: Sample, tests: int) -> dict[str, Any]:
    """The comparison. With several variants each test has to pass a bound so many times as strict (Bonferroni)."""
    interval, p = stats.difference(control, sample), stats.p_value(control, sample)
    needed = stats.clicks_needed(control.rate)
    return {
        "lift": sample.rate / control.rate - 1 if control.rate else None,
        "difference": sample.rate - control.rate,
        "differenceLow": interval.low,
        "differenceHigh": interval.high,
        "pValue": p,
        "significant": p is not None and p < SIGNIFICANT / tests,
        "probabilityToBeatControl": stats.probability_to_beat(control, sample),
        "minimumClicks": needed,
        "enoughClicks": needed is not None and min(control.clicks, sample.clicks) >= needed,
    }
