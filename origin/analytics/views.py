"""GET /analytics and what belongs to it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from origin import ids
from origin.accounts.access import authenticate
from origin.analytics import grouped, link_groups
from origin.analytics.accounting import AccountingViews
from origin.analytics.asking import in_words, period_of, scope_of, utc_now
from origin.analytics.event_model import Event, EventsQuery, ExportQuery, LiveQuery
from origin.analytics.events import EventViews
from origin.analytics.export import ExportViews
from origin.analytics.live import LiveHub, LiveViews
from origin.analytics.model import Accounting, AccountingQuery, AnalyticsQuery, row
from origin.analytics.periods import Period
from origin.analytics.reader import AnalyticsReader
from origin.analytics.scope import Scope
from origin.api import answer, read_query, route
from origin.links.reader import Reader as LinkReader
from origin.openapi import Operation
from origin.storage.transaction import reading

MOST_TOP_LINKS = 100  # each is shown whole
_GROUPED = {
    "count": grouped.count,
    "timeseries": grouped.timeseries,
    "visitors": grouped.visitors,
    "places": grouped.places,
    "hours_of_week": grouped.hours_of_week,
}


@dataclass(frozen=True, slots=True)
class AnalyticsViews:
    """The endpoint, with what it needs."""

    clicks: AnalyticsReader
    links: LinkReader
    now: Callable[[], datetime] = utc_now

    async def retrieve(self, request: Request) -> Response:
        actor = await authenticate(request)
        query = read_query(request, AnalyticsQuery)
        scope = await scope_of(request, actor, query)
        period = await period_of(query, scope, self.clicks, self.now())
        if query.group_by == "top_links":
            return answer(await self._top_links(request, query, scope, period))
        if (group := link_groups.GROUPS.get(query.group_by)) is not None:
            clicks = await self.clicks.top_links(scope, period, link_groups.MOST_LINKS)
            async with reading(request, scope.workspace_id) as connection:
                return answer(await group(connection, scope.workspace_id, clicks, query.limit))
        rows = _GROUPED.get(query.group_by, grouped.values)
        return answer(await rows(self.clicks, query, scope, period))

    async def _top_links(
        self, request: Request, query: AnalyticsQuery, scope: Scope, period: Period
    ) -> list[dict[str, Any]]:
        clicks = dict(await self.clicks.top_links(scope, period, min(query.limit, MOST_TOP_LINKS)))
        async with reading(request, scope.workspace_id) as connection:
            found = await self.links.by_ids(connection, scope.workspace_id, list(clicks))
        return [
            row(
                clicks[ids.parse(ids.LINK, link.id) or 0],
                id=link.id,
                link=link.id,
                domain=link.domain,
                key=link.key,
                shortLink=link.short_link,
                url=link.url,
                title=link.title,
                comments=link.comments,
                folderId=link.folder_id,
                partnerId=link.partner_id,
                createdAt=link.created_at,
            )
            for link in found
        ]


def routes(clicks: AnalyticsReader, links: LinkReader, now: Callable[[], datetime] = utc_now) -> list[BaseRoute]:
    """The routes, to be mounted under /api/v1."""
    return [
        route(
            Operation(
                method="GET",
                path="/analytics",
                summary="Count clicks, over time or by a property",
                tag="analytics",
                permission="analytics.read",
                endpoint=in_words(AnalyticsViews(clicks, links, now).retrieve),
                query=AnalyticsQuery,
                response=dict[str, Any] | list[dict[str, Any]],
            )
        ),
        route(
            Operation(
                method="GET",
                path="/analytics/accounting",
                summary="What became of every request: counted, or why not",
                tag="analytics",
                permission="analytics.read",
                endpoint=in_words(AccountingViews(clicks, now).retrieve),
                query=AccountingQuery,
                response=Accounting,
            )
        ),
        *_event_routes(clicks, links, now),
    ]


def _event_routes(clicks: AnalyticsReader, links: LinkReader, now: Callable[[], datetime]) -> list[BaseRoute]:
    return [
        route(each)
        for each in (
            Operation(
                method="GET", path="/events", summary="List requests, the newest first", tag="events",
                permission="analytics.read", endpoint=in_words(EventViews(clicks, links, now).index),
                query=EventsQuery, response=list[Event],
            ),
            Operation(
                method="GET", path="/events/export", summary="All events of a range as NDJSON, CSV or Parquet", tag="events",
                permission="analytics.read", endpoint=in_words(ExportViews(clicks, now).export), query=ExportQuery,
                media_types=("application/x-ndjson", "text/csv", "application/vnd.apache.parquet"),
            ),
            Operation(
                method="GET", path="/events/live", summary="Requests as they come, as server-sent events", tag="events",
                permission="analytics.read", endpoint=in_words(LiveViews(LiveHub(clicks, now), clicks, links).listen),
                query=LiveQuery, media_types=("text/event-stream",), errors=(429,),
            ),
        )
    ]  # fmt: skip
