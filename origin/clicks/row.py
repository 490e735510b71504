"""A row of the table `clicks`. What each column means: docs/analytics.md."""

from typing import NamedTuple

# Verdicts: what a request counts as. Of the others (head, prefetch, preview) the edge says so.
CLICK, BOT, DUPLICATE, CAPPED = "click", "bot", "duplicate", "capped"
NO_NUMBER = -1  # of variant and rule: none


def verdict_of(kind: str, *, robot: bool) -> str:
    """What a request counts as by itself."""
    return BOT if robot and kind == CLICK else kind


class ClickRow(NamedTuple):
    """A row, the columns named as in ClickHouse; times are unix milliseconds.

    Columns that go together are side by side: the enricher remembers them as one, and the drain writes them from few values.
    """

    # What is of this request alone.
    click_id: str
    batch_id: str
    block_id: str
    edge: str
    received_at: int
    timestamp: int
    kind: str
    verdict: str
    bot: bool
    bot_name: str
    bot_reason: str
    trigger: str
    variant: int
    rule: int
    language: str
    visitor: int
    ip: str
    enriched_by: str
    keep_days: int
    # Of the link that was asked for, and where it led.
    workspace_id: int
    link_id: int
    link_version: int
    domain: str
    code: str
    url: str
    path: str
    query: str
    utm_source: str
    utm_medium: str
    utm_campaign: str
    utm_term: str
    utm_content: str
    parameters: dict[str, str]
    # Of the place.
    country: str
    region: str
    city: str
    continent: str
    latitude: float | None
    longitude: float | None
    timezone: str
    asn: int
    network: str
    geo_source: str
    # Of the browser.
    user_agent: str
    device: str
    device_brand: str
    device_model: str
    browser: str
    browser_version: str
    engine: str
    os: str
    os_version: str
    # Of the page that led there.
    referer: str
    referer_url: str
    channel: str
