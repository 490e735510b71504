"""GET /analytics."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from origin import ids
from origin.accounts.access import Actor, authenticate
from origin.analytics import periods
from origin.analytics.dimensions import FILTERS, GROUPINGS, Filter
from origin.analytics.model import AnalyticsQuery, row
from origin.analytics.periods import BadPeriod, Period
from origin.analytics.reader import AnalyticsReader, Scope
from origin.api import answer, read_query, route
from origin.links import finder
from origin.links.model import InfoQuery
from origin.links.reader import Reader as LinkReader
from origin.openapi import Operation
from origin.problems import Unavailable, Unprocessable
from origin.storage.clickhouse import ClickHouseUnavailable
from origin.storage.transaction import transaction

MOST_LINKS = 100


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class AnalyticsViews:
    """The endpoint, with what it needs."""

    clicks: AnalyticsReader
    links: LinkReader
    now: Callable[[], datetime] = _utc_now

    async def retrieve(self, request: Request) -> Response:
        actor = await authenticate(request)
        query = read_query(request, AnalyticsQuery)
        scope = await _scope_of(request, actor, query)
        try:
            period = await self._period_of(query, scope)
            return answer(await self._answer(request, query, scope, period))
        except BadPeriod as error:
            raise Unprocessable(str(error)) from error
        except ClickHouseUnavailable as error:
            raise Unavailable("The store of clicks does not answer: try again in a moment.", retry_after=2) from error

    async def _period_of(self, query: AnalyticsQuery, scope: Scope) -> Period:
        zone = periods.zone_of(query.timezone)
        if query.start:
            return periods.of_range(query.start, query.end, zone, self.now())
        if query.end:
            raise Unprocessable("end: it needs `start` beside it.")
        first = await self.clicks.first_click(scope) if query.interval == "all" else None
        return periods.of_interval(query.interval, zone, self.now(), first)

    async def _answer(self, request: Request, query: AnalyticsQuery, scope: Scope, period: Period) -> Any:
        if query.group_by == "count":
            return row(await self.clicks.count(scope, period))
        if query.group_by == "timeseries":
            return [row(clicks, start=_iso(start)) for start, clicks in await self.clicks.timeseries(scope, period)]
        if query.group_by == "top_links":
            return await self._top_links(request, scope, period)
        grouping = GROUPINGS[query.group_by]
        found = await self.clicks.top_values(scope, period, grouping)
        constants = dict(grouping.constants)
        return [
            row(clicks, **dict(zip(grouping.fields, value.split("\t"), strict=True)), **constants)
            for value, clicks in found
        ]

    async def _top_links(self, request: Request, scope: Scope, period: Period) -> list[dict[str, Any]]:
        clicks = dict(await self.clicks.top_links(scope, period))
        async with transaction(request) as connection:
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


def routes(clicks: AnalyticsReader, links: LinkReader, now: Callable[[], datetime] = _utc_now) -> list[BaseRoute]:
    """The route, to be mounted under /api/v1."""
    views = AnalyticsViews(clicks, links, now)
    return [
        route(
            Operation(
                method="GET",
                path="/analytics",
                summary="Count clicks, over time or by a property",
                tag="analytics",
                permission="analytics.read",
                endpoint=views.retrieve,
                query=AnalyticsQuery,
                response=dict[str, Any] | list[dict[str, Any]],
            )
        )
    ]


async def _scope_of(request: Request, actor: Actor, query: AnalyticsQuery) -> Scope:
    async with transaction(request) as connection:
        link_ids, filters = await _links_of(connection, actor, query)
    for name, column in FILTERS.items():
        text = getattr(query, name)
        if not text or (name == "domain" and query.key):
            continue
        parsed = Filter.parse(column, text)
        if not parsed.values:
            raise Unprocessable(f"{name}: it names no value.")
        filters.append(parsed)
    return Scope(actor.workspace_id, link_ids, tuple(filters))


async def _links_of(
    connection: AsyncConnection, actor: Actor, query: AnalyticsQuery
) -> tuple[tuple[int, ...] | None, list[Filter]]:
    """The links that are asked about (None: all), and a filter where links are excluded. Raises NotFound."""
    if query.key and not query.domain:
        raise Unprocessable("key: it needs `domain` beside it.")
    if query.external_id or query.key:
        wanted = InfoQuery(domain=query.domain, key=query.key, external_id=query.external_id or None)
        return (await finder.by_info(connection, actor.workspace_id, wanted),), []
    if not query.link_id:
        return None, []
    names = Filter.parse("link_id", query.link_id)
    if not 1 <= len(names.values) <= MOST_LINKS:
        raise Unprocessable(f"linkId: name 1 to {MOST_LINKS} links.")
    found = [await finder.by_public_id(connection, actor.workspace_id, name) for name in names.values]
    if names.exclude:
        return None, [names._replace(values=tuple(map(str, found)))]
    return tuple(found), []


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
