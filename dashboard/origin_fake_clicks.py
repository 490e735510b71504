"""The clicks of the origin in memory, and the questions about them that the dashboard asks."""

import math
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
from dashboard.origin_fake_events import GONE, Click, FakeEvents, attribute

HOURS = {"24h": 24, "7d": 7 * 24, "30d": 30 * 24, "90d": 90 * 24, "1y": 365 * 24, "all": 3 * 365 * 24}
# groupBy: the fields that a row has.
GROUPS = {
    "countries": ("country",), "regions": ("country", "region"), "cities": ("country", "region", "city"),
    "continents": ("continent",), "languages": ("language",), "referers": ("referer",), "referer_urls": ("refererUrl",),
    "channels": ("channel",), "triggers": ("trigger",), "devices": ("device",), "device_brands": ("deviceBrand",),
    "networks": ("network",), "browsers": ("browser",), "os": ("os",), "engines": ("engine",), "utm_sources": ("utm_source",),
    "utm_mediums": ("utm_medium",), "utm_campaigns": ("utm_campaign",), "utm_terms": ("utm_term",),
    "utm_contents": ("utm_content",), "top_urls": ("url",), "top_base_urls": ("url",), "top_domains": ("domain",),
    "paths": ("path",),
}  # fmt: skip
_PARAMETERS = {"interval", "start", "end", "timezone", "event", "groupBy", "limit", "other", "compare"}
_OF_EVENTS = {"verdict", "cursor", "format"}
Clicks = list[Click]


@dataclass
class FakeClicks:
    """`uncounted` is of every link, by part of the accounting; `results` are the rows of variants, as origin makes them."""

    allow: Callable[[Request], None]
    links: dict[str, dict[str, Any]]
    clicks: Clicks = field(default_factory=list)
    uncounted: dict[str, int] = field(default_factory=dict)
    results: list[dict[str, Any]] = field(default_factory=list)
    unattributed: int = 0  # leads, and as many sales
    events: FakeEvents = field(init=False)

    def __post_init__(self) -> None:
        self.events = FakeEvents(self.allow, self.links, self._of_period)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/api/v1/analytics", self._analytics),
            Route("/api/v1/analytics/accounting", self._accounting),
            Route("/api/v1/conversions/accounting", self._conversions),
            Route("/api/v1/conversions", self._uncounted),
            *self.events.routes(),
        ]

    async def _analytics(self, request: Request) -> Response:
        self.allow(request)
        query, group = request.query_params, request.query_params["groupBy"]
        clicks = [click for click in self._of_period(query) if click.verdict == "click"]
        if group == "variants":
            return JSONResponse(self.results)
        if group == "timeseries":
            return JSONResponse(self._series(query, clicks))
        return JSONResponse(self._grouped(group, query, clicks))

    def _grouped(self, group: str, query: Mapping[str, str], clicks: Clicks) -> Any:
        if group == "count":
            return _numbers(clicks)
        if group == "visitors":
            return [{"visitors": len(clicks), **_numbers(clicks)}]
        if group == "hours_of_week":
            zone = ZoneInfo(query["timezone"])
            return _by(clicks, lambda click: _hour(click, zone))
        if group == "places":
            return _by(clicks, lambda click: {**_row(click, GROUPS["cities"]), "latitude": 52.5, "longitude": 13.4})
        if group == "top_links":
            return _by(clicks, self._shown)[: int(query["limit"])]
        rows, most = _by(clicks, lambda click: _row(click, GROUPS[group])), int(query["limit"])
        named = [row for row in rows if not group.startswith("utm_") or any(row[name] for name in GROUPS[group])]
        rest = sum(row["clicks"] for row in named[most:])
        other = {**dict.fromkeys(GROUPS[group], "(other)"), **_numbers([]), "clicks": rest}
        return named[:most] + ([other] if rest and query.get("other") == "true" else [])

    def _series(self, query: Mapping[str, str], clicks: Clicks) -> list[dict[str, Any]]:
        start, end, hourly = _span(query)
        rows = _series(clicks, start, end, ZoneInfo(query["timezone"]), hourly=hourly)
        if query.get("compare"):
            before = self._fitting(query, start - (end - start), start)
            rows[0] |= {
                f"previous{name.capitalize()}": number for name, number in _numbers(before).items() if name in _MEASURES
            }
        return rows

    async def _accounting(self, request: Request) -> Response:
        self.allow(request)
        counts = {"clicks": len(self._of_period(request.query_params)), **self.uncounted}
        names = ("clicks", "bots", "previews", "prefetches", "heads", "duplicates", "capped")
        parts = {name: {"requests": counts.get(name, 0), "events": ""} for name in names}
        return JSONResponse({"requests": sum(counts.values()), **parts})

    async def _conversions(self, request: Request) -> Response:
        """Nothing is pending here: each has its click."""
        self.allow(request)
        if request.query_params.keys() - {"interval", "start", "end", "timezone"}:
            raise Problem(422, "There are no filters.")
        counted = _numbers(self._of_period(request.query_params))
        return JSONResponse({name: _outcomes(name, counted[name], self.unattributed) for name in ("leads", "sales")})

    async def _uncounted(self, request: Request) -> Response:
        """Those without a click, by number."""
        self.allow(request)
        query = request.query_params
        known = range(1, self.unattributed + 1) if query["outcome"] == "unattributed" else range(0)
        after = query.get("startingAfter", "evt_0").removeprefix("evt_")
        if not after.isdecimal():
            raise Problem(422, "startingAfter: there is no such conversion in this workspace.")
        rows = [_tracked(query["event"], number) for number in known if number > int(after)]
        return JSONResponse(rows[: int(query["limit"])])

    def _of_period(self, query: Mapping[str, str]) -> Clicks:
        """Those that fit the range and the filters; raises Problem for what origin would not take."""
        start, end, _ = _span(query)
        return self._fitting(query, start, end)

    def _fitting(self, query: Mapping[str, str], start: datetime, end: datetime) -> Clicks:
        known = {"linkId", "variant", *(name for names in GROUPS.values() for name in names)}
        if other := query.keys() - known - _PARAMETERS - _OF_EVENTS:
            raise Problem(422, f"{min(other)}: there is no such parameter.")
        wanted = {name: value for name, value in query.items() if name in known}
        return [
            click
            for click in self.clicks
            if start < click.at <= end and all(_takes(value, attribute(click, name)) for name, value in wanted.items())
        ]

    def _shown(self, click: Click) -> dict[str, Any]:
        link = self.links.get(click.link_id, GONE)
        return {
            "link": click.link_id,
            **{name: link[name] for name in ("id", "domain", "key", "shortLink", "url", "title")},
        }


_MEASURES = ("clicks", "leads", "sales")


def _tracked(event: str, number: int) -> dict[str, Any]:
    return {
        "id": f"evt_{number}", "event": event, "eventName": f"Order {number}", "timestamp": "2026-11-01T12:00:00Z",
        "outcome": "unattributed", "customerId": "cus_1", "customerExternalId": "ada", "amount": 4900, "currency": "eur",
        "invoiceId": f"inv_{number}", "paymentProcessor": "stripe", "clickId": None, "linkId": None,
    }  # fmt: skip


def _outcomes(name: str, counted: int, unattributed: int) -> dict[str, Any]:
    counts = {"counted": counted, "duplicates": 0, "unattributed": unattributed, "pending": 0}
    address = f"/api/v1/conversions?event={name.removesuffix('s')}&outcome="
    parts = {part: {"events": count, "list": address + part.removesuffix("s")} for part, count in counts.items()}
    return {"received": sum(counts.values()), **parts}


def _takes(wanted: str, value: str) -> bool:
    return value not in wanted[1:].split(",") if wanted.startswith("-") else value in wanted.split(",")


def _span(query: Mapping[str, str]) -> tuple[datetime, datetime, bool]:
    now = datetime.now(UTC)
    if "start" in query:
        if datetime.fromisoformat(query["start"]) > now and "end" not in query:
            raise Problem(422, "start: it has not begun yet.")
        return datetime.fromisoformat(query["start"]), datetime.fromisoformat(query.get("end", now.isoformat())), False
    hours = HOURS[query["interval"]]
    return now - timedelta(hours=hours), now, hours == HOURS["24h"]


def _numbers(clicks: Clicks) -> dict[str, Any]:
    revenue: Counter[str] = Counter()
    for click in clicks:
        revenue.update({click.currency: click.amount} if click.amount else {})
    paid = {"revenue": dict(revenue)} if revenue else {}
    sales = sum(1 for click in clicks if click.amount)
    return {
        "clicks": len(clicks),
        "leads": sum(click.leads for click in clicks),
        "sales": sales,
        "saleAmount": 0,
        **paid,
    }


def _row(click: Click, names: tuple[str, ...]) -> dict[str, str]:
    return {name: attribute(click, name) for name in names}


def _by(clicks: Clicks, shown: Callable[[Click], dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows, the most frequent first."""
    groups: dict[str, tuple[dict[str, Any], Clicks]] = {}
    for click in clicks:
        row = shown(click)
        groups.setdefault(repr(row), (row, []))[1].append(click)
    return [{**row, **_numbers(found)} for row, found in sorted(groups.values(), key=lambda each: -len(each[1]))]


def _hour(click: Click, zone: ZoneInfo) -> dict[str, int]:
    local = click.at.astimezone(zone)
    return {"weekday": local.isoweekday(), "hour": local.hour}


def _series(clicks: Clicks, start: datetime, end: datetime, zone: ZoneInfo, *, hourly: bool) -> list[dict[str, Any]]:
    """Clicks an hour or a day of the zone, gaps filled."""

    def start_of(moment: datetime) -> datetime:
        local = moment.astimezone(zone).replace(minute=0, second=0, microsecond=0)
        return local if hourly else local.replace(hour=0)

    step = timedelta(hours=1 if hourly else 24)
    steps = math.ceil((end - start) / step)
    starts = [start_of(end - step * back) for back in range(steps, -1, -1)]
    found: dict[datetime, Clicks] = {}
    for click in clicks:
        found.setdefault(start_of(click.at), []).append(click)
    return [{"start": each.isoformat(), **_numbers(found.get(each, []))} for each in starts]
