"""Figures about clicks, as the page of a link and that of a workspace show them."""

import asyncio
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from dashboard.origin_client import OriginClient
from dashboard.origin_types import Point, Row

RANGES = {
    "24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days", "1y": "12 months", "all": "all time",
}  # fmt: skip
USUAL_RANGE = "7d"
TOP_ROWS = 8


@dataclass(frozen=True, slots=True)
class Top:
    """A top list: its heading, origin's name for the dimension, and the field that names a row and filters by it."""

    title: str
    group: str
    field: str


COUNTRIES = Top("Countries", "countries", "country")
CITIES = Top("Cities", "cities", "city")
REFERRERS = Top("Referrers", "referers", "referer")
CHANNELS = Top("Channels", "channels", "channel")
BROWSERS = Top("Browsers", "browsers", "browser")
SYSTEMS = Top("Systems", "os", "os")
DEVICES = Top("Devices", "devices", "device")


@dataclass(frozen=True, slots=True)
class Figures:
    """Clicks over time and the top lists, with the chart's data as JSON."""

    points: list[Point]
    tops: list[tuple[Top, list[Row]]]

    @property
    def chart(self) -> str:
        return chart_data(self.points)


def range_of(given: str) -> str:
    """The interval that was asked for, or the usual one."""
    return given if given in RANGES else USUAL_RANGE


async def figures(client: OriginClient, token: str, params: dict[str, str], tops: tuple[Top, ...]) -> Figures:
    """What origin says of the clicks that `params` name."""
    points, lists = await asyncio.gather(
        client.timeseries(token, params),
        asyncio.gather(
            *(client.top(token, {**params, "limit": str(TOP_ROWS)}, each.group, each.field) for each in tops)
        ),
    )
    return Figures(points, list(zip(tops, lists, strict=True)))


def chart_data(points: list[Point]) -> str:
    """The chart's two columns as JSON: unix seconds and clicks."""
    columns: list[list[Any]] = [[int(point.start.timestamp()) for point in points], [point.clicks for point in points]]
    return msgspec.json.encode(columns).decode()


def zone_name(of: tzinfo) -> str:
    """The IANA name that origin groups days by."""
    return of.key if isinstance(of, ZoneInfo) else "UTC"
