"""From a request to what it asks about: the scope and the period."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from origin.accounts.access import Actor
from origin.analytics import periods
from origin.analytics.dimensions import FILTERS, Filter
from origin.analytics.model import ClickQuery
from origin.analytics.periods import BadPeriod, Period
from origin.analytics.reader import AnalyticsReader
from origin.analytics.scope import Scope
from origin.links import finder
from origin.links.model import InfoQuery
from origin.problems import Unavailable, Unprocessable
from origin.storage.clickhouse import ClickHouseUnavailable
from origin.storage.transaction import reading

MOST_LINKS = 100
Endpoint = Callable[[Request], Awaitable[Response]]


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def in_words(endpoint: Endpoint) -> Endpoint:
    """An endpoint whose wrong periods and missing ClickHouse are answers that say so."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except BadPeriod as error:
            raise Unprocessable(str(error)) from error
        except ClickHouseUnavailable as error:
            raise Unavailable("The store of clicks does not answer: try again in a moment.", retry_after=2) from error

    return answered


async def scope_of(request: Request, actor: Actor, query: ClickQuery) -> Scope:
    """The workspace, links and filters that a query names; raises NotFound or Unprocessable."""
    link_ids, filters = None, list[Filter]()
    if query.key or query.external_id or query.link_id:
        async with reading(request, actor.workspace_id) as connection:
            link_ids, filters = await _links_of(connection, actor, query)
    for name, column in FILTERS.items():
        text = getattr(query, name)
        if text and not (name == "domain" and query.key):
            filters.append(_filter(name, column, text))
    if query.parameter_value:
        if not query.parameter:
            raise Unprocessable("parameterValue: it needs `parameter` beside it.")
        parsed = _filter("parameterValue", "parameters", query.parameter_value)
        filters.append(parsed._replace(key=query.parameter))
    return Scope(actor.workspace_id, link_ids, tuple(filters))


async def period_of(query: ClickQuery, scope: Scope, clicks: AnalyticsReader, now: datetime) -> Period:
    """The range of time; raises BadPeriod."""
    zone = periods.zone_of(query.timezone)
    if query.start:
        return periods.of_range(query.start, query.end, zone, now)
    if query.end:
        raise BadPeriod("end: it needs `start` beside it.")
    first = await clicks.first_click(scope) if query.interval == "all" else None
    return periods.of_interval(query.interval, zone, now, first)


def iso(at: datetime) -> str:
    """ISO 8601 in milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _filter(name: str, column: str, text: str) -> Filter:
    parsed = Filter.parse(column, text)
    if not parsed.values:
        raise Unprocessable(f"{name}: it names no value.")
    return parsed


async def _links_of(
    connection: AsyncConnection, actor: Actor, query: ClickQuery
) -> tuple[tuple[int, ...] | None, list[Filter]]:
    """The named links that are asked about (None: all), and a filter where links are excluded. Raises NotFound."""
    if query.key and not query.domain:
        raise Unprocessable("key: it needs `domain` beside it.")
    if query.external_id or query.key:
        wanted = InfoQuery(domain=query.domain, key=query.key, external_id=query.external_id or None)
        return (await finder.by_info(connection, actor.workspace_id, wanted),), []
    names = Filter.parse("link_id", query.link_id)
    if not 1 <= len(names.values) <= MOST_LINKS:
        raise Unprocessable(f"linkId: name 1 to {MOST_LINKS} links.")
    found = [await finder.by_public_id(connection, actor.workspace_id, name) for name in names.values]
    if names.exclude:
        return None, [names._replace(values=tuple(map(str, found)))]
    return tuple(found), []
