"""What GET /analytics takes, and the one field that all its rows share."""

from typing import Any, Literal

import msgspec

GroupBy = Literal[
    "count",
    "timeseries",
    "top_links",
    "countries",
    "regions",
    "cities",
    "continents",
    "devices",
    "browsers",
    "os",
    "referers",
    "referer_urls",
    "trigger",
    "triggers",
    "top_urls",
    "top_domains",
    "channels",
    "languages",
    "utm_sources",
    "utm_mediums",
    "utm_campaigns",
    "utm_terms",
    "utm_contents",
]
Interval = Literal["24h", "7d", "30d", "90d", "1y", "mtd", "qtd", "ytd", "all"]


class AnalyticsQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Filters take `a,b` (one of these) and `-a,b` (none of these). A parameter that is not here is refused by name."""

    event: Literal["clicks"] = "clicks"
    group_by: GroupBy = msgspec.field(default="count", name="groupBy")
    domain: str = ""
    key: str = ""
    link_id: str = msgspec.field(default="", name="linkId")
    external_id: str = msgspec.field(default="", name="externalId")
    interval: Interval = "24h"
    start: str = ""
    end: str = ""
    timezone: str = "UTC"
    country: str = ""
    region: str = ""
    city: str = ""
    continent: str = ""
    device: str = ""
    browser: str = ""
    os: str = ""
    trigger: str = ""
    referer: str = ""
    referer_url: str = msgspec.field(default="", name="refererUrl")
    url: str = ""
    channel: str = ""
    language: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""


def row(clicks: int, **fields: Any) -> dict[str, Any]:
    """A row of the answer. Conversions are not tracked, so these are always 0."""
    return {**fields, "clicks": clicks, "leads": 0, "sales": 0, "saleAmount": 0}
