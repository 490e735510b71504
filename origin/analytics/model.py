"""What the questions about clicks take, and the fields that all rows share."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from origin.analytics.numbers import Event

GroupBy = Literal[
    "count",
    "timeseries",
    "visitors",
    "top_links",
    "top_link_tags",
    "top_folders",
    "top_urls",
    "top_base_urls",
    "top_domains",
    "countries",
    "regions",
    "cities",
    "continents",
    "devices",
    "device_brands",
    "browsers",
    "engines",
    "os",
    "referers",
    "referer_urls",
    "trigger",
    "triggers",
    "channels",
    "languages",
    "networks",
    "utm_sources",
    "utm_mediums",
    "utm_campaigns",
    "utm_terms",
    "utm_contents",
    "paths",
    "parameters",
    "places",
    "hours_of_week",
    "event_names",
    "variants",
]
Interval = Literal["24h", "7d", "30d", "90d", "1y", "mtd", "qtd", "ytd", "all"]
MOST_ROWS = 1000
# A time, a day, or "" for none; periods.of_range reads it, in the zone that is asked for where it names none.
_ANY_OF = [{"format": "date-time"}, {"format": "date"}, {"maxLength": 0}]
Moment = Annotated[str, Meta(extra_json_schema={"anyOf": _ANY_OF})]


class PeriodQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which time."""

    interval: Interval = "24h"
    start: Moment = ""
    end: Moment = ""
    timezone: str = "UTC"


class ClickQuery(PeriodQuery, kw_only=True, forbid_unknown_fields=True):
    """Which clicks of which time. Filters take `a,b` (one of these) and `-a,b` (none of these)."""

    domain: str = ""
    key: str = ""
    link_id: str = msgspec.field(default="", name="linkId")
    external_id: str = msgspec.field(default="", name="externalId")
    country: str = ""
    region: str = ""
    city: str = ""
    continent: str = ""
    device: str = ""
    device_brand: str = msgspec.field(default="", name="deviceBrand")
    browser: str = ""
    engine: str = ""
    os: str = ""
    trigger: str = ""
    referer: str = ""
    referer_url: str = msgspec.field(default="", name="refererUrl")
    url: str = ""
    path: str = ""
    variant: str = ""
    channel: str = ""
    language: str = ""
    network: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""
    # The name of a kept query parameter, and which values of it.
    parameter: Annotated[str, Meta(max_length=100)] = ""
    parameter_value: str = msgspec.field(default="", name="parameterValue")
    # What links are sorted into, as they are now.
    tag_id: str = msgspec.field(default="", name="tagId")
    tag_ids: str = msgspec.field(default="", name="tagIds")
    folder_id: str = msgspec.field(default="", name="folderId")
    tenant_id: str = msgspec.field(default="", name="tenantId")
    partner_id: str = msgspec.field(default="", name="partnerId")
    program_id: str = msgspec.field(default="", name="programId")
    root: bool | None = None
    qr: bool | None = None
    # Of leads and sales alone.
    event_name: str = msgspec.field(default="", name="eventName")
    sale_type: str = msgspec.field(default="", name="saleType")
    payment_processor: str = msgspec.field(default="", name="paymentProcessor")
    currency: str = ""
    customer_id: str = msgspec.field(default="", name="customerId")
    query: Annotated[str, Meta(max_length=2_000)] = ""
    attribution: Literal["", "last", "first"] = ""


class AnalyticsQuery(ClickQuery, kw_only=True, forbid_unknown_fields=True):
    """A parameter that is not here is refused by name."""

    event: Event = "clicks"
    group_by: GroupBy = msgspec.field(default="count", name="groupBy")
    # Also the numbers of the period of the same length right before this one.
    compare: Literal["", "previous"] = ""
    limit: Annotated[int, Meta(ge=1, le=MOST_ROWS)] = MOST_ROWS
    # A last row `(other)` for what comes after the first `limit` values.
    other: bool = False


class AccountingQuery(ClickQuery, kw_only=True, forbid_unknown_fields=True):
    """The same without a grouping."""


class Part(msgspec.Struct):
    """How many requests count as this, and where their events are."""

    requests: int
    events: str


class Accounting(msgspec.Struct):
    """All requests, and what became of each: `requests` is the sum over the parts."""

    requests: int
    clicks: Part
    bots: Part
    previews: Part
    prefetches: Part
    heads: Part
    duplicates: Part
    capped: Part


# Part of the accounting: verdict.
VERDICTS = {
    "clicks": "click",
    "bots": "bot",
    "previews": "preview",
    "prefetches": "prefetch",
    "heads": "head",
    "duplicates": "duplicate",
    "capped": "capped",
}
