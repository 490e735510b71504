"""What is counted for a row: clicks, and what came of them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from origin.conversions import money

Event = Literal["clicks", "leads", "sales", "composite"]
# Which events of the table `conversions` a question is about.
EVENTS: dict[str, tuple[str, ...]] = {
    "clicks": (),
    "leads": ("lead",),
    "sales": ("sale",),
    "composite": ("lead", "sale"),
}


class Numbers(NamedTuple):
    """Clicks, leads, sales, and what was paid, by currency."""

    clicks: int = 0
    leads: int = 0
    sales: int = 0
    revenue: Mapping[str, int] = {}  # nobody changes it

    def plus(self, other: "Numbers", sign: int = 1) -> "Numbers":
        """The sum of both, or the difference."""
        revenue = dict(self.revenue)
        for currency, amount in other.revenue.items():
            revenue[currency] = revenue.get(currency, 0) + sign * amount
        return Numbers(
            self.clicks + sign * other.clicks, self.leads + sign * other.leads, self.sales + sign * other.sales, revenue
        )

    def any(self) -> bool:
        """Whether there is anything."""
        return bool(self.clicks or self.leads or self.sales)

    def fields(self, factors: Mapping[str, Decimal]) -> dict[str, Any]:
        """The fields of a row; revenue by currency is there where there is any."""
        paid = {currency: amount for currency, amount in sorted(self.revenue.items()) if amount}
        return {
            "clicks": self.clicks,
            "leads": self.leads,
            "sales": self.sales,
            "saleAmount": money.total(self.revenue, factors),
            **({"revenue": paid} if paid else {}),
        }


NOTHING = Numbers()
