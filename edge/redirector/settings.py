"""The Worker's variables: `[vars]` of wrangler.toml, secrets beside them, all of them texts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_type_hints

from shared.errors import BadSetting


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """docs/edge.md says what each is good for; the defaults here are those of wrangler.toml."""

    origin_url: str = "http://127.0.0.1:8000"
    # Where visitors report links: a page of origin when empty, "none" for nowhere.
    report_url: str = ""
    edge_secret: str = ""
    default_domain: str = "localhost"
    # A known link is answered from memory this long, then this much longer while one request reads KV again.
    fresh_seconds: float = 10.0
    stale_seconds: float = 50.0
    # A code that neither KV nor origin knows is asked for again after this, one that origin did not answer for after that.
    missing_seconds: float = 10.0
    unavailable_seconds: float = 2.0
    # While the change feed's last sign of life is no older than this, a link that is held needs no reading again; 0: never.
    feed_seconds: float = 120.0
    # Links in memory, most of them as text; so many of them with their replies prepared.
    cache_entries: int = 120_000
    cache_bytes: int = 56_000_000
    hot_entries: int = 5_000
    # Of these bytes so many at most for the packs of popular links, which an isolate reads soon after its start; 0: none.
    preload_bytes: int = 25_000_000
    # Clicks wait this long for company, and at most so many events and bytes wait for an origin and a queue that fail.
    click_delay_seconds: float = 1.0
    click_buffer_events: int = 20_000
    click_buffer_bytes: int = 16_000_000
    origin_timeout_seconds: float = 5.0
    kv_timeout_seconds: float = 2.0
    # Unknown codes that one address may have looked up at origin within a minute.
    misses_per_minute: int = 300
    # What of a visitor's address leaves the edge: full, truncated (IPv4 /24, IPv6 /48) or none.
    click_ip: str = "full"
    # A visit with Do-Not-Track or Global Privacy Control: ignore (as any other), anonymous (no address, no browser, no
    # place but the country) or skip (not recorded).
    privacy_signals: str = "anonymous"
    # "yes" shows /metrics to everybody: only where nobody but the operator reaches the edge.
    open_metrics: str = ""


def report_page(settings: EdgeSettings) -> str:
    """The address that a link's own is added to, to report it; empty where there is none."""
    url = settings.report_url or f"{settings.origin_url.rstrip('/')}/report"
    return "" if url == "none" else f"{url}?url="


def read_settings(variable: Callable[[str], str | None]) -> EdgeSettings:
    """Read each field from the variable of its name in capitals; raises BadSetting."""
    found: dict[str, Any] = {}
    for name, kind in get_type_hints(EdgeSettings).items():
        raw = variable(name.upper())
        if not raw:
            continue
        try:
            found[name] = kind(raw)
        except ValueError as error:
            raise BadSetting(f"{name.upper()} is {raw!r}, but it takes a number") from error
    settings = EdgeSettings(**found)
    if not settings.edge_secret:
        raise BadSetting("EDGE_SECRET is not set: run `npx wrangler secret put EDGE_SECRET` with origin's own")
    return settings
