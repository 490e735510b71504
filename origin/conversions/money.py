"""Amounts of money: whole numbers of a currency's smallest unit. Currencies are never mixed without a rate."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from msgspec import Meta

from shared.currencies import digits

Currency = Annotated[str, Meta(pattern="^[A-Za-z]{3}$")]
Amount = Annotated[int, Meta(ge=0, le=2**53 - 1)]  # what a JSON number holds exactly
Rate = Annotated[float, Meta(gt=0, le=1e9)]


def factors(currency: str | None, rates: Mapping[str, float] | None) -> dict[str, Decimal]:
    """By what a smallest unit of each currency is multiplied to be one of `currency`: of those that have a rate, and itself.

    A rate says what one whole unit (a euro) is worth in whole units of `currency`.
    """
    if currency is None:
        return {}
    shift = digits(currency)
    found = {each: Decimal(str(rate)).scaleb(shift - digits(each)) for each, rate in (rates or {}).items()}
    return {**found, currency: Decimal(1)}


def total(revenue: Mapping[str, int], by: Mapping[str, Decimal]) -> int:
    """The sum of what can be summed, in smallest units; currencies without a factor are left out."""
    exact = sum((amount * by[each] for each, amount in revenue.items() if each in by), Decimal(0))
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))
