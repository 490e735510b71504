"""GET /events: the requests, leads and sales behind the counts, one by one."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from origin.accounts.access import authenticate
from origin.analytics.asking import Asked, asked, period_of
from origin.analytics.conversion_events import COLUMNS as CONVERSION_COLUMNS
from origin.analytics.conversion_events import ConversionEvent, conversion_of, customers_of
from origin.analytics.conversion_reader import ConversionReader
from origin.analytics.event_model import COLUMNS, Event, EventsQuery, Verdict, by_public_id, event_of
from origin.analytics.numbers import EVENTS
from origin.analytics.periods import Period
from origin.analytics.place import id_of, ms_of
from origin.analytics.reader import AnalyticsReader
from origin.api import answer, read_query
from origin.links.reader import Reader as LinkReader
from origin.problems import Unprocessable
from origin.storage.clickhouse import Rows
from origin.storage.transaction import reading

NEXT_CURSOR = "Nearhop-Next-Cursor"
# Further pages are reached by cursor: each page of these reads all that comes before it.
DEEPEST = 100_000
VERDICTS = tuple(each for each in get_args(Verdict) if each != "all")


class Cursor(NamedTuple):
    """The last event of a page; `skip` counts how many events just like it the pages held, as a click may be there twice."""

    ms: int
    click_id: str
    block_id: str
    skip: int

    def encode(self) -> str:
        """As text that says nothing."""
        return base64.urlsafe_b64encode(msgspec.json.encode(list(self))).decode()

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Raises Unprocessable for a text that no page gave."""
        try:
            return msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=cls)
        except (ValueError, binascii.Error) as error:
            raise Unprocessable(f"cursor: it is none; take that of the header {NEXT_CURSOR}.") from error


@dataclass(frozen=True, slots=True)
class EventViews:
    """The endpoint, with what it needs."""

    clicks: AnalyticsReader
    conversions: ConversionReader
    links: LinkReader
    now: Callable[[], datetime]

    async def index(self, request: Request) -> Response:
        actor = await authenticate(request)
        query = read_query(request, EventsQuery)
        offset = (query.page - 1) * query.limit
        if offset > DEEPEST:
            raise Unprocessable(f"page: beyond {DEEPEST} events go on with the header {NEXT_CURSOR} as `cursor`.")
        cursor = Cursor.decode(query.cursor) if query.cursor else None
        about = await asked(request, actor, query, query.event)
        period = await period_of(query, about.scope, self.clicks, self.now())
        found = await self._found(about, period, query, offset, cursor)
        if query.event == "clicks":
            response = answer(await shown(request, self.links, actor.workspace_id, found))
        else:
            response = answer(await shown_conversions(request, self.links, actor.workspace_id, found))
        if len(found) == query.limit:
            response.headers[NEXT_CURSOR] = cursor_after(found, cursor).encode()
        return response

    async def _found(
        self, about: Asked, period: Period, query: EventsQuery, offset: int, cursor: Cursor | None
    ) -> Rows:
        upwards = query.sort_order == "asc"
        bound = _bound(query.limit, offset, cursor)
        if query.event == "clicks":
            verdicts = verdicts_of(query.verdict)
            return await self.clicks.events(about.scope, period, verdicts, bound, COLUMNS, upwards=upwards)
        # An event is there once: its id alone says where a page begins.
        bound |= {"after_id": bound["after_click"], **({"offset": 0} if cursor else {})}
        model = about.attribution.model
        return await self.conversions.events(
            about.own, period, EVENTS[query.event], model, bound, CONVERSION_COLUMNS, upwards=upwards
        )


def verdicts_of(verdict: str) -> tuple[str, ...]:
    """One, or all of them for `all`."""
    return VERDICTS if verdict == "all" else (verdict,)


async def shown(request: Request, links: LinkReader, workspace_id: int, rows: Rows) -> list[Event]:
    """The events of rows, with their links as they are now."""
    async with reading(request, workspace_id) as connection:
        found = await links.by_ids(connection, workspace_id, sorted({row["link_id"] for row in rows}))
    by_id = by_public_id(found)
    return [event_of(row, by_id) for row in rows]


async def shown_conversions(
    request: Request, links: LinkReader, workspace_id: int, rows: Rows
) -> list[ConversionEvent]:
    """The leads and sales of rows, with their links and customers as they are now."""
    async with reading(request, workspace_id) as connection:
        found = await links.by_ids(connection, workspace_id, sorted({row["link_id"] for row in rows}))
        customers = await customers_of(connection, workspace_id, rows)
    by_id = by_public_id(found)
    return [conversion_of(row, by_id, customers) for row in rows]


def _bound(limit: int, offset: int, cursor: Cursor | None) -> dict[str, Any]:
    ms, click_id, block_id, skip = cursor or (0, "", "", offset)
    return {
        "limit": limit, "offset": skip, "after": cursor is not None, "after_ms": ms, "after_click": click_id,
        "after_block": block_id,
    }  # fmt: skip


def _key(row: dict[str, Any]) -> tuple[int, str, str]:
    return ms_of(row), id_of(row), row.get("block_id", "")


def cursor_after(rows: Rows, before: Cursor | None) -> Cursor:
    """Where the page behind these events begins; `before` is where they began themselves."""
    last = _key(rows[-1])
    same = sum(_key(row) == last for row in rows)
    return Cursor(*last, same + (before.skip if before is not None and before[:3] == last else 0))
