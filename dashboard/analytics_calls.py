"""The calls about clicks, leads and sales. They raise what those of OriginClient do."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlsplit

import httpx

from dashboard.analytics_types import (
    Accounting,
    Conversion,
    Day,
    Event,
    Hour,
    Outcomes,
    Place,
    Point,
    Row,
    TopLink,
    Totals,
    VariantResult,
)
from dashboard.origin_answers import decode

Send = Callable[..., Awaitable[httpx.Response]]
Params = dict[str, str]
NEXT_CURSOR = "Nearhop-Next-Cursor"
_ALL = {"event": "composite"}
_PERIOD = ("interval", "start", "end", "timezone")
T = TypeVar("T")


class EventPage(NamedTuple):
    """Events, and where those that follow begin; "" at the end."""

    events: list[Event]
    cursor: str


class AnalyticsCalls:
    """Each call takes a user's access token, and `params` as the API takes them: range, zone, filters, and `event`."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def totals(self, token: str, params: Params) -> Totals:
        """Clicks, leads and sales together, whatever `event` says."""
        return await self._grouped(token, {**params, **_ALL}, "count", Totals)

    async def accounting(self, token: str, params: Params) -> Accounting:
        """What became of every request."""
        asked = {name: value for name, value in params.items() if name != "event"}
        return decode(await self._send("GET", "/analytics/accounting", token=token, params=asked), Accounting)

    async def outcomes(self, token: str, params: Params) -> Outcomes:
        """What became of every lead or sale, as `event` says, of the workspace: there are no filters."""
        asked = {name: params[name] for name in _PERIOD if name in params}
        answer = await self._send("GET", "/conversions/accounting", token=token, params=asked)
        return decode(answer, dict[str, Outcomes])[params["event"]]

    async def of_outcome(self, token: str, params: Params, outcome: str, more: Params) -> list[Conversion]:
        """Leads or sales of one of the fields of Outcomes, the newest first. Origin says itself where their list is."""
        asked = {name: params[name] for name in _PERIOD if name in params}
        answer = await self._send("GET", "/conversions/accounting", token=token, params=asked)
        address = decode(answer, dict[str, dict[str, Any]])[params["event"]][outcome]["list"]
        found = await self._send(
            "GET", "/conversions", token=token, params=dict(parse_qsl(urlsplit(address).query)) | more
        )
        return decode(found, list[Conversion])

    async def timeseries(self, token: str, params: Params) -> list[Point]:
        return await self._grouped(token, params, "timeseries", list[Point])

    async def visitors(self, token: str, params: Params) -> int:
        """About how many visitors there were, each counted once a day."""
        days = await self._grouped(token, {**params, "event": "clicks"}, "visitors", list[Day])
        return sum(day.visitors for day in days)

    async def top(self, token: str, params: Params, group: str, field: str) -> list[Row]:
        """The most frequent values of a dimension, such as `countries` whose rows name a `country`."""
        rows = await self._grouped(token, params, group, list[dict[str, Any]])
        measure = params.get("event", "clicks")
        return [Row(str(row[field]), int(row.get(measure, 0)), _texts(row)) for row in rows]

    async def top_links(self, token: str, params: Params) -> list[TopLink]:
        return await self._grouped(token, params, "top_links", list[TopLink])

    async def variants(self, token: str, params: Params) -> list[VariantResult]:
        """Of the one link that `params` names; those that became leads or sales are counted in."""
        return await self._grouped(token, {**params, **_ALL}, "variants", list[VariantResult])

    async def hours_of_week(self, token: str, params: Params) -> list[Hour]:
        return await self._grouped(token, params, "hours_of_week", list[Hour])

    async def places(self, token: str, params: Params) -> list[Place]:
        return await self._grouped(token, params, "places", list[Place])

    async def events(self, token: str, params: Params) -> EventPage:
        answer = await self._send("GET", "/events", token=token, params=params)
        return EventPage(decode(answer, list[Event]), answer.headers.get(NEXT_CURSOR, ""))

    async def export(self, token: str, params: Params) -> httpx.Response:
        """The file, whose bytes are yet to be read, and which the caller closes."""
        return await self._send("GET", "/events/export", token=token, params=params, stream=True)

    async def live(self, token: str, event: str, last_event_id: str) -> httpx.Response:
        """The feed of the workspace's clicks, leads or sales, which the caller reads and closes."""
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        return await self._send(
            "GET", "/events/live", token=token, params={"event": event}, headers=headers, stream=True
        )

    async def _grouped(self, token: str, params: Params, group: str, kind: type[T]) -> T:
        answer = await self._send(
            "GET", "/analytics", token=token, params={"event": "clicks", **params, "groupBy": group}
        )
        return decode(answer, kind)


def _texts(row: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in row.items() if isinstance(value, str)}
