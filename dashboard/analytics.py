"""The page of all clicks of the workspace: over time, and by where they went and came from."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from dashboard import known_values, stats
from dashboard.formats import without_scheme
from dashboard.measures import period
from dashboard.pages import is_partial, zone
from dashboard.question import RANGES, Question
from dashboard.site import Site

PATH = "/analytics"
_NO_CONTENT = 204


class AnalyticsPage:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: Request) -> Response:
        """The page; asked for by htmx, the part that changes, or nothing where nothing has changed."""
        token = await self._site.sessions.token(request)
        calls, question = self._site.client.analytics, Question.of(PATH, request.query_params)
        question = await known_values.settled(calls, token, question, zone(request))
        params = question.params(zone(request))
        brief = await stats.brief(calls, token, question, params)
        seen = brief.mark(question.url())
        if is_partial(request) and request.query_params.get("seen") == seen:
            return Response(status_code=_NO_CONTENT)
        if not (brief.totals.clicks or question.filters or is_partial(request)) and await self._is_new(token):
            has_links = await self._site.client.count_links(token, {"showArchived": "true"})
            return self._site.pages.page(request, "analytics_empty.html", question=question, links=has_links)
        figures, links, named = await asyncio.gather(
            stats.figures(calls, token, question, params, brief),
            calls.top_links(token, {**params, "limit": str(stats.TOP_ROWS)}),
            named_filters(self._site, token, question),
        )
        template = "analytics_part.html" if is_partial(request) else "analytics.html"
        counted = brief.totals.clicks or is_partial(request)
        doubts = [] if counted else await known_values.doubts(calls, token, question, zone(request))
        return self._site.pages.page(
            request, template, question=question, named=named, ranges=RANGES, period=period(question), seen=seen,
            sum=brief.sum(question), figures=figures, links=links,
            doubts=doubts, choices=known_values.choices(figures.cards, figures.cities),
        )  # fmt: skip

    async def _is_new(self, token: str) -> bool:
        """Whether nobody has ever asked for a link of the workspace."""
        ever = await self._site.client.analytics.accounting(token, {"interval": "all", "timezone": "UTC"})
        return not ever.requests


async def named_filters(site: Site, token: str, question: Question) -> dict[str, str]:
    """The filters as people read them, a link by its address."""
    named = question.named()
    if "linkId" in named:
        link = await site.client.link(token, named["linkId"])
        named["linkId"] = without_scheme(link.short_link)
    return named
