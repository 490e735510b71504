"""A link's own page: its clicks over time and where they came from, fresh within seconds."""

import asyncio
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dashboard.link_state import link_state
from dashboard.origin_types import Link, Point, Row
from dashboard.pages import is_partial, zone
from dashboard.site import Site
from dashboard.uncounted import uncounted

RANGES = {"24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days"}
TOP_ROWS = 8
_NO_CONTENT = 204


@dataclass(frozen=True, slots=True)
class Top:
    """A top list: its heading, origin's name for the dimension, and the field that names a row."""

    title: str
    group: str
    field: str


TOPS = (
    Top("Countries", "countries", "country"),
    Top("Referrers", "referers", "referer"),
    Top("Browsers", "browsers", "browser"),
    Top("Devices", "devices", "device"),
)


class LinkPage:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: Request) -> Response:
        """The page; asked for by htmx, the part that changes, or nothing where nothing has changed."""
        token = await self._site.sessions.token(request)
        interval = request.query_params.get("range", "")
        interval = interval if interval in RANGES else "7d"
        link = await self._site.client.link(token, request.path_params["link_id"])
        params = {"linkId": link.id, "interval": interval, "timezone": zone_name(zone(request))}
        client = self._site.client
        count, found = await asyncio.gather(client.click_count(token, params), client.accounting(token, params))
        not_counted = uncounted(found)
        seen = seen_mark(link, interval, count, not_counted)
        if is_partial(request) and request.query_params.get("seen") == seen:
            return Response(status_code=_NO_CONTENT)
        points, tops = await self._figures(token, params)
        template = "link_stats.html" if is_partial(request) else "link.html"
        return self._site.pages.page(
            request,
            template,
            link=link,
            interval=interval,
            ranges=RANGES,
            count=count,
            not_counted=not_counted,
            seen=seen,
            points=points,
            tops=tops,
            chart=chart_data(points),
        )

    async def _figures(self, token: str, params: dict[str, str]) -> tuple[list[Point], list[tuple[Top, list[Row]]]]:
        client = self._site.client
        points, lists = await asyncio.gather(
            client.timeseries(token, params),
            asyncio.gather(*(client.top(token, params, top.group, top.field) for top in TOPS)),
        )
        return points, [(top, rows[:TOP_ROWS]) for top, rows in zip(TOPS, lists, strict=True)]


def seen_mark(link: Link, interval: str, count: int, not_counted: str) -> str:
    """What the changing part of the page depends on: as long as this is the same, so is the part."""
    edge, state = link.edge.state if link.edge else "", link_state(link)
    return f"{interval}.{count}.{not_counted}.{edge}.{state.mark if state else ''}.{int(link.updated_at.timestamp())}"


def chart_data(points: list[Point]) -> str:
    """The chart's two columns as JSON: unix seconds and clicks."""
    columns: list[list[Any]] = [[int(point.start.timestamp()) for point in points], [point.clicks for point in points]]
    return msgspec.json.encode(columns).decode()


def zone_name(of: tzinfo) -> str:
    """The IANA name that origin groups days by."""
    return of.key if isinstance(of, ZoneInfo) else "UTC"
