"""The clicks of the origin in memory, and the questions about them that the dashboard asks."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from dashboard.origin_fake_accounts import Problem

HOURS = {"24h": 24, "7d": 7 * 24, "30d": 30 * 24, "90d": 90 * 24, "1y": 365 * 24, "all": 3 * 365 * 24}
GROUPS = {
    "countries": "country", "cities": "city", "referers": "referer", "browsers": "browser", "devices": "device", "os": "os",
    "channels": "channel",
}  # fmt: skip


@dataclass
class Click:
    link_id: str
    at: datetime
    country: str = "DE"
    referer: str = "(direct)"
    browser: str = "Chrome"
    device: str = "Desktop"
    os: str = "Windows"
    city: str = "Berlin"
    channel: str = "direct"


@dataclass
class FakeClicks:
    """`uncounted` is of every link, by part of the accounting."""

    allow: Callable[[Request], None]
    links: dict[str, dict[str, Any]]
    clicks: list[Click] = field(default_factory=list)
    uncounted: dict[str, int] = field(default_factory=dict)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/api/v1/analytics", self._analytics),
            Route("/api/v1/analytics/accounting", self._accounting),
        ]

    async def _analytics(self, request: Request) -> Response:
        self.allow(request)
        query = request.query_params
        hours = HOURS[query["interval"]]
        now, group = datetime.now(UTC), query["groupBy"]
        clicks = [c for c in self._clicks(query) if c.at > now - timedelta(hours=hours)]
        if group == "count":
            return JSONResponse({"clicks": len(clicks), "leads": 0, "sales": 0, "saleAmount": 0})
        if group == "timeseries":
            return JSONResponse(_series(clicks, now, hours, ZoneInfo(query["timezone"])))
        most = int(query.get("limit", "1000"))
        if group == "top_links":
            counts = Counter(click.link_id for click in clicks).most_common(most)
            return JSONResponse([{**self._shown(link_id), "clicks": count} for link_id, count in counts])
        name = GROUPS[group]
        rows = Counter(getattr(click, name) for click in clicks).most_common(most)
        return JSONResponse([{name: value, "clicks": count} for value, count in rows])

    async def _accounting(self, request: Request) -> Response:
        self.allow(request)
        names = ("bots", "previews", "prefetches", "heads", "duplicates", "capped")
        parts = {name: {"requests": self.uncounted.get(name, 0), "events": ""} for name in names}
        clicks = {"requests": len(self.clicks), "events": ""}
        return JSONResponse({"requests": len(self.clicks) + sum(self.uncounted.values()), "clicks": clicks, **parts})

    def _clicks(self, query: Mapping[str, str]) -> list[Click]:
        """Those that fit the filters."""
        known = {"linkId": "link_id", **{name: name for name in GROUPS.values()}}
        other = query.keys() - known.keys() - {"interval", "timezone", "event", "groupBy", "limit"}
        if other:
            raise Problem(422, f"{min(other)}: there is no such parameter.")
        wanted = {known[name]: value for name, value in query.items() if name in known}
        return [c for c in self.clicks if all(getattr(c, name) == value for name, value in wanted.items())]

    def _shown(self, link_id: str) -> dict[str, Any]:
        link = self.links[link_id]
        return {"link": link_id, **{name: link[name] for name in ("id", "domain", "key", "shortLink", "url", "title")}}


def _series(clicks: list[Click], now: datetime, hours: int, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Clicks an hour or a day of the zone, gaps filled."""
    hourly = hours == HOURS["24h"]

    def start_of(moment: datetime) -> datetime:
        local = moment.astimezone(zone).replace(minute=0, second=0, microsecond=0)
        return local if hourly else local.replace(hour=0)

    starts = [start_of(now - timedelta(hours=h)) for h in range(hours, -1, -1 if hourly else -24)]
    counts = Counter(start_of(click.at) for click in clicks)
    return [
        {"start": start.isoformat(), "clicks": counts[start], "leads": 0, "sales": 0, "saleAmount": 0}
        for start in starts
    ]
