"""A link's own page: its clicks over time and where they came from, fresh within seconds."""

from starlette.requests import Request
from starlette.responses import Response

from dashboard import known_values, stats
from dashboard.link_state import link_state
from dashboard.measures import period
from dashboard.origin_types import Link
from dashboard.pages import is_partial, zone
from dashboard.question import RANGES, Question
from dashboard.site import Site
from dashboard.variants import AbTest, ab_test

_NO_CONTENT = 204


class LinkPage:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: Request) -> Response:
        """The page; asked for by htmx, the part that changes, or nothing where nothing has changed."""
        token = await self._site.sessions.token(request)
        link = await self._site.client.link(token, request.path_params["link_id"])
        question = Question.of(f"/links/{link.id}", request.query_params, {"linkId": link.id})
        calls = self._site.client.analytics
        question = await known_values.settled(calls, token, question, zone(request))
        params = question.params(zone(request))
        brief = await stats.brief(calls, token, question, params)
        seen = seen_mark(link, question, brief)
        if is_partial(request) and request.query_params.get("seen") == seen:
            return Response(status_code=_NO_CONTENT)
        figures = await stats.figures(calls, token, question, params, brief)
        template = "link_stats.html" if is_partial(request) else "link.html"
        counted = brief.totals.clicks or is_partial(request)
        doubts = [] if counted else await known_values.doubts(calls, token, question, zone(request))
        return self._site.pages.page(
            request, template, link=link, question=question, ranges=RANGES, period=period(question), seen=seen,
            sum=brief.sum(question), figures=figures, test=await self._test(token, link, question, params),
            named=question.named(), doubts=doubts, choices=known_values.choices(figures.cards, figures.cities),
        )  # fmt: skip

    async def _test(self, token: str, link: Link, question: Question, params: dict[str, str]) -> AbTest | None:
        """How the link's variants do; None of a link without. All are compared, also while the page is about one."""
        if not link.test_variants:
            return None
        asked = {name: value for name, value in params.items() if name != "variant"}
        return ab_test(link, await self._site.client.analytics.variants(token, asked), question)


def seen_mark(link: Link, question: Question, brief: stats.Brief) -> str:
    """What the changing part of the page depends on: as long as this is the same, so is the part."""
    edge, state = link.edge.state if link.edge else "", link_state(link)
    return brief.mark(question.url(), edge, state.mark if state else "", int(link.updated_at.timestamp()))
