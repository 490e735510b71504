"""The parts of origin's answers about clicks, leads and sales that the dashboard shows."""

from datetime import datetime
from typing import Any

import msgspec

MEASURES = ("clicks", "leads", "sales")


class Totals(msgspec.Struct):
    """Clicks, and what came of them; `revenue` is in each currency's smallest unit."""

    clicks: int = 0
    leads: int = 0
    sales: int = 0
    revenue: dict[str, int] = {}

    def of(self, measure: str) -> int:
        """One of MEASURES."""
        return int(getattr(self, measure))


class Point(Totals, rename="camel", kw_only=True):
    """One step of a time series, and the same step of the period before."""

    start: datetime
    previous_clicks: int = 0
    previous_leads: int = 0
    previous_sales: int = 0

    def before(self, measure: str) -> int:
        """Of the period before."""
        return int(getattr(self, f"previous_{measure}"))


class Part(msgspec.Struct):
    requests: int = 0


class Accounting(msgspec.Struct):
    """All requests, by what became of them."""

    requests: int = 0
    clicks: Part = msgspec.field(default_factory=Part)
    bots: Part = msgspec.field(default_factory=Part)
    previews: Part = msgspec.field(default_factory=Part)
    prefetches: Part = msgspec.field(default_factory=Part)
    heads: Part = msgspec.field(default_factory=Part)
    duplicates: Part = msgspec.field(default_factory=Part)
    capped: Part = msgspec.field(default_factory=Part)

    @property
    def parts(self) -> dict[str, int]:
        """How many requests, by field."""
        return {name: getattr(self, name).requests for name in self.__struct_fields__ if name != "requests"}


class Outcome(msgspec.Struct):
    events: int = 0


class Outcomes(msgspec.Struct):
    """All leads or all sales that were tracked, by what became of them."""

    received: int
    counted: Outcome
    duplicates: Outcome
    unattributed: Outcome
    pending: Outcome

    @property
    def parts(self) -> dict[str, int]:
        """How many, by field."""
        return {name: getattr(self, name).events for name in self.__struct_fields__ if name != "received"}


class TopLink(Totals, rename="camel", kw_only=True):
    """A link among the most clicked ones."""

    id: str
    short_link: str
    url: str


class Row(msgspec.Struct):
    """One line of a top list: its name, its number, and all that it says of its value."""

    name: str
    count: int
    values: dict[str, str] = {}


class VariantResult(Totals, rename="camel", kw_only=True):
    """How a variant did, and, of all but the control, how it compares with that."""

    variant: int
    url: str
    control: bool
    converted: int
    conversion_rate: float
    conversion_rate_low: float
    conversion_rate_high: float
    lift: float | None = None
    difference: float = 0.0
    difference_low: float = 0.0
    difference_high: float = 0.0
    p_value: float | None = None
    significant: bool = False
    probability_to_beat_control: float = 0.0
    minimum_clicks: int | None = None
    enough_clicks: bool = False


class Hour(Totals, kw_only=True):
    """An hour of the week; day 1 is Monday."""

    weekday: int
    hour: int


class Place(Totals, kw_only=True):
    """A city."""

    country: str
    region: str
    city: str
    latitude: float
    longitude: float


class Day(msgspec.Struct):
    """About how many visitors there were on a day of UTC."""

    visitors: int = 0


class Request(msgspec.Struct, rename="camel"):
    """What an event says of the request for the short link."""

    url: str = ""
    country: str = ""
    city: str = ""
    region: str = ""
    continent: str = ""
    device: str = ""
    browser: str = ""
    os: str = ""
    referer: str = ""
    referer_url: str = ""
    ip: str = ""
    ua: str = ""
    trigger: str = ""
    verdict: str = ""
    bot_name: str = ""
    bot_reason: str = ""
    channel: str = ""
    language: str = ""
    variant: int = -1
    rule: int = -1
    query: str = ""
    network: str = ""
    device_brand: str = ""
    device_model: str = ""
    browser_version: str = ""
    engine: str = ""
    os_version: str = ""
    timestamp: datetime | None = None
    utm_source: str = msgspec.field(name="utm_source", default="")
    utm_medium: str = msgspec.field(name="utm_medium", default="")
    utm_campaign: str = msgspec.field(name="utm_campaign", default="")
    utm_term: str = msgspec.field(name="utm_term", default="")
    utm_content: str = msgspec.field(name="utm_content", default="")


class EventLink(msgspec.Struct, rename="camel"):
    id: str
    short_link: str


class EventCustomer(msgspec.Struct, rename="camel"):
    id: str = ""
    external_id: str = ""
    name: str | None = None
    email: str | None = None


class Sale(msgspec.Struct):
    amount: int
    currency: str


class Event(msgspec.Struct, rename="camel"):
    """A request, or a lead or sale with the click that it is credited to."""

    event: str  # "click", "lead" or "sale"
    timestamp: datetime
    click: Request
    link: EventLink
    click_id: str = msgspec.field(name="click_id", default="")
    domain: str = ""
    event_name: str = ""
    customer: EventCustomer | None = None
    sale: Sale | None = None
    metadata: dict[str, Any] | None = None
    sale_type: str = ""
    invoice_id: str = msgspec.field(name="invoice_id", default="")
    payment_processor: str = msgspec.field(name="payment_processor", default="")


class Conversion(msgspec.Struct, rename="camel"):
    """A lead or a sale as it was tracked, whatever became of it; `amount` is in the currency's smallest unit."""

    id: str
    event: str
    timestamp: datetime
    event_name: str = ""
    customer_id: str | None = None
    customer_external_id: str | None = None
    amount: int = 0
    currency: str = ""
    invoice_id: str | None = None
    payment_processor: str = ""
    click_id: str | None = None
