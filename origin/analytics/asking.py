"""From a request to what it asks about: the scope and the period."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from origin.accounts.access import Actor
from origin.analytics import periods
from origin.analytics.dimensions import FILTERS, Filter
from origin.analytics.link_scope import links_of, names_links
from origin.analytics.model import ClickQuery, PeriodQuery
from origin.analytics.own_filters import own_filters, refuse_own
from origin.analytics.periods import BadPeriod, Period
from origin.analytics.reader import AnalyticsReader
from origin.analytics.scope import Condition, Scope
from origin.conversions import settings
from origin.conversions.settings import Attribution
from origin.problems import Unavailable, Unprocessable
from origin.storage.clickhouse import ClickHouseUnavailable
from origin.storage.transaction import reading

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question is about: clicks, and `own`, the same for leads and sales, with filters that only they have."""

    scope: Scope
    own: Scope
    attribution: Attribution


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


async def asked(request: Request, actor: Actor, query: ClickQuery, event: str = "clicks") -> Asked:
    """The workspace, links and filters that a query names; raises NotFound or Unprocessable."""
    refuse_own(query, event)
    if event == "clicks" and not names_links(query):  # nothing to ask Postgres
        scope = Scope(actor.workspace_id, None, tuple(_filters(query)))
        return Asked(scope, scope, settings.UNASKED)
    async with reading(request, actor.workspace_id) as connection:
        link_ids, link_filters = await links_of(connection, actor, query)
        if event == "clicks":
            scope = Scope(actor.workspace_id, link_ids, (*link_filters, *_filters(query)))
            return Asked(scope, scope, settings.UNASKED)
        own = await own_filters(connection, actor, query)
        attribution = await settings.get(connection, actor.workspace_id)
    if query.attribution:
        attribution = msgspec.structs.replace(attribution, model=query.attribution)
    filters: tuple[Condition, ...] = (*link_filters, *_filters(query))
    scope = Scope(actor.workspace_id, link_ids, filters)
    return Asked(scope, replace(scope, filters=(*filters, *own)), attribution)


async def period_of(query: PeriodQuery, scope: Scope, clicks: AnalyticsReader, now: datetime) -> Period:
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


def _filters(query: ClickQuery) -> list[Filter]:
    found = []
    for name, column in FILTERS.items():
        text = getattr(query, name)
        if text and not (name == "domain" and query.key):
            found.append(_filter(name, column, text))
    if query.parameter_value:
        if not query.parameter:
            raise Unprocessable("parameterValue: it needs `parameter` beside it.")
        parsed = _filter("parameterValue", "parameters", query.parameter_value)
        found.append(parsed._replace(key=query.parameter))
    if query.qr is not None:  # the older way to say trigger=qr
        found.append(Filter("trigger", ("qr",), exclude=not query.qr))
    if query.root is not None:
        found.append(Filter("code", ("",), exclude=not query.root))
    return found


def _filter(name: str, column: str, text: str) -> Filter:
    parsed = Filter.parse(column, text)
    if not parsed.values:
        raise Unprocessable(f"{name}: it names no value.")
    return parsed
