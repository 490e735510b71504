"""GET /analytics and what belongs to it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from origin.accounts.access import authenticate
from origin.analytics import grouped, link_groups
from origin.analytics.accounting import AccountingViews
from origin.analytics.asking import asked, in_words, period_of, utc_now
from origin.analytics.conversion_accounting import ConversionAccounting, ConversionAccountingQuery
from origin.analytics.conversion_events import ConversionEvent
from origin.analytics.conversion_reader import ConversionReader
from origin.analytics.counts import Counts
from origin.analytics.event_model import Event, EventsQuery, ExportQuery, LiveQuery
from origin.analytics.events import EventViews
from origin.analytics.export import ExportViews
from origin.analytics.live import LiveHub, LiveViews
from origin.analytics.model import Accounting, AccountingQuery, AnalyticsQuery
from origin.analytics.periods import Period
from origin.analytics.reader import AnalyticsReader
from origin.analytics.variants import variants
from origin.api import answer, read_query, route
from origin.links.reader import Reader as LinkReader
from origin.openapi import ListOf, Operation
from origin.problems import Unprocessable
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
    conversions: ConversionReader
    links: LinkReader
    now: Callable[[], datetime] = utc_now

    async def retrieve(self, request: Request) -> Response:
        actor = await authenticate(request)
        query = read_query(request, AnalyticsQuery)
        about = await asked(request, actor, query, query.event)
        period = await period_of(query, about.scope, self.clicks, self.now())
        counts = Counts(query.event, about.scope, about.own, about.attribution, self.clicks, self.conversions)
        if query.group_by == "top_links":
            return answer(await self._top_links(request, query, counts, period))
        if query.group_by == "variants":
            return answer(await self._variants(request, counts, period))
        if (group := link_groups.GROUPS.get(query.group_by)) is not None:
            counted = await counts.links(period, link_groups.MOST_LINKS)
            async with reading(request, actor.workspace_id) as connection:
                found = await group(connection, actor.workspace_id, counted, query.limit)
            return answer([grouped.row(counts, numbers, **shown) for shown, numbers in found])
        rows = _GROUPED.get(query.group_by, grouped.values)
        return answer(await rows(counts, query, period))

    async def _variants(self, request: Request, counts: Counts, period: Period) -> list[dict[str, Any]]:
        number = counts.scope.link_ids[0] if counts.scope.link_ids and len(counts.scope.link_ids) == 1 else None
        if number is None:
            raise Unprocessable("linkId: name the one link whose variants are compared.")
        async with reading(request, counts.scope.workspace_id) as connection:
            (link,) = await self.links.by_ids(connection, counts.scope.workspace_id, [number])
        return await variants(counts, period, link)

    async def _top_links(
        self, request: Request, query: AnalyticsQuery, counts: Counts, period: Period
    ) -> list[dict[str, Any]]:
        numbers = dict(await counts.links(period, min(query.limit, MOST_TOP_LINKS)))
        async with reading(request, counts.scope.workspace_id) as connection:
            found = await link_groups.links_of(connection, counts.scope.workspace_id, list(numbers))
        return [
            grouped.row(
                counts, numbers[link.id], **link_groups.shown(link, self.links.short_link(link.domain, link.key))
            )
            for link in found
        ]


def routes(
    clicks: AnalyticsReader,
    conversions: ConversionReader,
    links: LinkReader,
    live: LiveHub,
    now: Callable[[], datetime] = utc_now,
) -> list[BaseRoute]:
    """The routes, to be mounted under /api/v1."""
    return [
        route(
            Operation(
                method="GET",
                path="/analytics",
                summary="Count clicks, leads and sales, over time or by a property",
                tag="analytics",
                permission="analytics.read",
                endpoint=in_words(AnalyticsViews(clicks, conversions, links, now).retrieve),
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
        route(
            Operation(
                method="GET",
                path="/conversions/accounting",
                summary="What became of every lead and sale: counted, or why not",
                tag="conversions",
                permission="conversions.read",
                endpoint=in_words(AccountingViews(clicks, now).conversions),
                query=ConversionAccountingQuery,
                response=ConversionAccounting,
            )
        ),
        *_event_routes(clicks, conversions, links, live, now),
    ]


def _event_routes(
    clicks: AnalyticsReader,
    conversions: ConversionReader,
    links: LinkReader,
    live: LiveHub,
    now: Callable[[], datetime],
) -> list[BaseRoute]:
    return [
        route(each)
        for each in (
            Operation(
                method="GET", path="/events", summary="List requests, leads or sales, the newest first", tag="events",
                permission="analytics.read", endpoint=in_words(EventViews(clicks, conversions, links, now).index),
                query=EventsQuery, response=ListOf((Event, ConversionEvent)),
            ),
            Operation(
                method="GET", path="/events/export", summary="All events of a range as NDJSON, CSV or Parquet", tag="events",
                permission="analytics.read", endpoint=in_words(ExportViews(clicks, conversions, now).export),
                query=ExportQuery, media_types=("application/x-ndjson", "text/csv", "application/vnd.apache.parquet"),
            ),
            Operation(
                method="GET", path="/events/live", summary="Events as they come, as server-sent events", tag="events",
                permission="analytics.read", endpoint=in_words(LiveViews(live, links).listen), query=LiveQuery,
                media_types=("text/event-stream",), errors=(429,),
            ),
        )
    ]  # fmt: skip
