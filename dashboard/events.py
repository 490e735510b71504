"""The events behind the figures, one by one: a page of them, all of them as a file, and those that come in just now."""

import re
import time
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from dashboard import known_values
from dashboard.analytics import named_filters
from dashboard.analytics_calls import Params
from dashboard.downloads import PassedOn, download
from dashboard.errors import NotThere, OriginDown, Refused
from dashboard.event_feed import can_follow, rows
from dashboard.measures import period
from dashboard.pages import go, zone
from dashboard.question import KINDS, RANGES, Question
from dashboard.site import Site

PATH = "/events"
PAGE_SIZE = 50
# Of an event in the feed; the time alone, in unix milliseconds, is one as well.
_ID = re.compile(r"\d{1,15}(-[\w-]{1,100})?", re.ASCII)
FORMATS = {"csv": "CSV", "ndjson": "NDJSON", "parquet": "Parquet"}
_CAME_OF = {"lead": "leads", "sale": "sales"}
_OF_CLICKS = {"", *_CAME_OF}
_CUT_OFF = "The address names no place in the list of events: its cursor was cut off or changed. Begin at the newest."
_UNPROCESSABLE, _UNAVAILABLE = 422, 503
FEED_TYPE, FEED_HEADERS = "text/event-stream", {"X-Accel-Buffering": "no"}


class EventsPage:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def index(self, request: Request) -> Response:
        """A page of events, the newest first."""
        token = await self._site.sessions.token(request)
        calls, question = self._site.client.analytics, Question.of(PATH, request.query_params)
        question = await known_values.settled(calls, token, question, zone(request))
        cursor = request.query_params.get("cursor", "")
        params = {**_params(question, request), "limit": str(PAGE_SIZE), **({"cursor": cursor} if cursor else {})}
        asked_ms = int(time.time() * 1000)
        try:
            page = await calls.events(token, params)
        except Refused as error:
            if not (cursor and error.status == _UNPROCESSABLE):
                raise
            raise Refused(error.status, _CUT_OFF) from error
        counted = page.events or cursor or question.kind not in _OF_CLICKS
        doubts = [] if counted else await known_values.doubts(calls, token, question, zone(request))
        return self._site.pages.page(
            request, "events.html", question=question, events=page.events, kinds=KINDS, formats=FORMATS, ranges=RANGES,
            named=await named_filters(self._site, token, question), period=period(question), first=not cursor,
            older=f"{question.url()}&{urlencode({'cursor': page.cursor})}" if page.cursor else "",
            can_follow=can_follow(question), asked_ms=asked_ms, doubts=doubts, choices=known_values.choices_of(page.events),
        )  # fmt: skip

    async def export(self, request: Request) -> Response:
        """`/events.{csv|ndjson|parquet}`: all that the page would list."""
        kind = request.path_params["format"]
        if kind not in FORMATS:
            raise NotThere
        token = await self._site.sessions.token(request)
        question = Question.of(PATH, request.query_params)
        if question.notes:  # a file can't say that it is about something else than was asked for
            return go(f"{PATH}?{request.url.query}")
        question = await known_values.settled(self._site.client.analytics, token, question, zone(request))
        try:
            file = await self._site.client.analytics.export(token, {**_params(question, request), "format": kind})
        except OriginDown as error:
            if error.message:  # too many at once: origin answers, and says what to do
                raise Refused(_UNAVAILABLE, error.message) from error
            raise
        return download(file, f"{question.kind or 'click'}-events.{kind}")

    async def live(self, request: Request) -> Response:
        """The rows of events that happen now, as server-sent events of HTML; those since `after` first."""
        token = await self._site.sessions.token(request)
        question = Question.of(PATH, request.query_params)
        last = request.headers.get("Last-Event-ID") or request.query_params.get("after", "")
        last = last if _ID.fullmatch(last) else ""
        feed = await self._site.client.analytics.live(token, _CAME_OF.get(question.kind, "clicks"), last)
        row = self._site.pages.part("event_row.html", request, question=question)
        return PassedOn(feed, rows(self._site.feeds.parts(feed), question, row), FEED_TYPE, **FEED_HEADERS)


def _params(question: Question, request: Request) -> Params:
    """What origin is asked for: the events of the kind, under the page's range and filters."""
    params = question.params(zone(request))
    if question.kind in _CAME_OF:
        return {**params, "event": _CAME_OF[question.kind]}
    return {**params, "event": "clicks", "verdict": question.kind or "click"}
