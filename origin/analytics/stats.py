"""Whether one variant of a link does better than another, or only looks so.

A click becomes a conversion or not, so the conversions of a variant are binomial. Nothing here needs more than `math`.
"""

import math
from typing import NamedTuple

Z95 = 1.959963984540054  # the 97.5 % quantile of the normal distribution
_Z80 = 0.8416212335729143  # its 80 % quantile
# Least expected conversions and non-conversions of each side for which the normal distribution is near enough.
LEAST_EXPECTED = 5
# Above it the exact sum over conversions takes long, and the normal distribution does as well.
_MOST_EXACT = 20_000


class Sample(NamedTuple):
    """Clicks, and how many of them converted."""

    clicks: int
    converted: int

    @property
    def rate(self) -> float:
        """The share that converted; 0 without clicks."""
        return self.converted / self.clicks if self.clicks else 0.0


class Interval(NamedTuple):
    """A range that holds the true value with 95 % confidence."""

    low: float
    high: float


def wilson(sample: Sample) -> Interval:
    """Confidence of a rate: Wilson's score interval (E. B. Wilson, JASA 22, 1927), which stays within 0 and 1."""
    n, p, z2 = sample.clicks, sample.rate, Z95**2
    if n == 0:
        return Interval(0.0, 1.0)
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def difference(control: Sample, variant: Sample) -> Interval:
    """Confidence of `variant.rate - control.rate`: Newcombe's hybrid score interval (Statist. Med. 17, 1998, method 10)."""
    low0, high0 = wilson(control)
    low1, high1 = wilson(variant)
    p0, p1 = control.rate, variant.rate
    down = math.sqrt((p1 - low1) ** 2 + (high0 - p0) ** 2)
    up = math.sqrt((high1 - p1) ** 2 + (p0 - low0) ** 2)
    return Interval(p1 - p0 - down, p1 - p0 + up)


def p_value(control: Sample, variant: Sample) -> float | None:
    """Two-sided p of equal rates: the two-proportion z test with pooled variance (Fleiss, Statistical Methods for Rates and
    Proportions, chapter 2, without continuity correction). None where a sample is too small for it.
    """
    n = control.clicks + variant.clicks
    pooled = (control.converted + variant.converted) / n if n else 0.0
    expected = min(control.clicks, variant.clicks) * min(pooled, 1 - pooled)
    if expected < LEAST_EXPECTED:
        return None
    error = math.sqrt(pooled * (1 - pooled) * (1 / control.clicks + 1 / variant.clicks))
    return math.erfc(abs(variant.rate - control.rate) / error / math.sqrt(2))


def probability_to_beat(control: Sample, variant: Sample) -> float:
    """P(rate of the variant > rate of the control), each with a uniform prior, which gives beta distributions.

    The exact sum over i < a of B(a0 + i, b + b0) / ((b + i) B(1 + i, b) B(a0, b0)) (E. Miller, Formulas for Bayesian A/B
    Testing, 2014), and the normal distribution where that has very many terms.
    """
    a0, b0 = control.converted + 1, control.clicks - control.converted + 1
    a1, b1 = variant.converted + 1, variant.clicks - variant.converted + 1
    if min(a0, a1) > _MOST_EXACT:
        return _normal_probability((a0, b0), (a1, b1))
    if a1 > a0:  # the shorter sum, of the opposite
        return 1 - _beats((a1, b1), (a0, b0))
    return _beats((a0, b0), (a1, b1))


def clicks_needed(rate: float, lift: float = 0.2) -> int | None:
    """Clicks of each variant that show a relative `lift` over `rate` in 80 % of tests, at 5 % significance, two-sided.

    The usual normal approximation (Fleiss, chapter 4, without continuity correction). None where the rate can't grow so.
    """
    better = rate * (1 + lift)
    if not 0 < rate < better < 1:
        return None
    mean = (rate + better) / 2
    spread = Z95 * math.sqrt(2 * mean * (1 - mean)) + _Z80 * math.sqrt(rate * (1 - rate) + better * (1 - better))
    return math.ceil((spread / (better - rate)) ** 2)


def _beats(first: tuple[int, int], second: tuple[int, int]) -> float:
    """P(second > first) of two beta distributions."""
    (a0, b0), (a1, b1) = first, second
    base = _log_beta(a0, b0)
    terms = (math.exp(_log_beta(a0 + i, b0 + b1) - math.log(b1 + i) - _log_beta(1 + i, b1) - base) for i in range(a1))
    return min(1.0, math.fsum(terms))


def _normal_probability(first: tuple[int, int], second: tuple[int, int]) -> float:
    (a0, b0), (a1, b1) = first, second
    mean = a1 / (a1 + b1) - a0 / (a0 + b0)
    variance = sum(a * b / ((a + b) ** 2 * (a + b + 1)) for a, b in (first, second))
    return 0.5 * math.erfc(-mean / math.sqrt(2 * variance))


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
