"""The page of all clicks of the workspace: over time, and by where they went and came from."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from dashboard import formats, stats
from dashboard.pages import is_partial, zone
from dashboard.site import Site
from shared.uncounted import uncounted

PATH = "/analytics"
TOPS = (
    stats.COUNTRIES, stats.CITIES, stats.REFERRERS, stats.CHANNELS, stats.DEVICES, stats.SYSTEMS, stats.BROWSERS,
)  # fmt: skip
# Filter of the page's address, which is origin's name too: what it is called.
FILTERS = {"linkId": "Link", **{each.field: each.title for each in TOPS}}
_LONGEST = 200
_NO_CONTENT = 204


@dataclass(frozen=True, slots=True)
class Question:
    """Which clicks are shown: what the page's address says."""

    interval: str
    filters: dict[str, str]

    @classmethod
    def of(cls, request: Request) -> "Question":
        given = request.query_params
        found = {name: given[name] for name in FILTERS if can_filter(given.get(name, ""))}
        return cls(stats.range_of(given.get("range", "")), found)

    def url(self, interval: str = "", **changes: str) -> str:
        """The address of the page with another interval or filter; an empty one is left out."""
        values = {"range": interval or self.interval, **self.filters, **changes}
        return f"{PATH}?{urlencode({name: value for name, value in values.items() if value})}"

    def alone(self, field: str, value: str) -> str:
        """The address of the page for one value of a dimension alone; "" where origin could not be asked for it."""
        return self.url(**{field: value}) if can_filter(value) else ""


class AnalyticsPage:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: Request) -> Response:
        """The page; asked for by htmx, the part that changes, or nothing where nothing has changed."""
        token = await self._site.sessions.token(request)
        client, question = self._site.client, Question.of(request)
        params = {"interval": question.interval, "timezone": stats.zone_name(zone(request)), **question.filters}
        count, found = await asyncio.gather(client.click_count(token, params), client.accounting(token, params))
        not_counted = uncounted(found.requests)
        seen = f"{question.interval}.{count}.{not_counted}"
        if is_partial(request) and request.query_params.get("seen") == seen:
            return Response(status_code=_NO_CONTENT)
        figures, links, named = await asyncio.gather(
            stats.figures(client, token, params, TOPS),
            client.top_links(token, {**params, "limit": str(stats.TOP_ROWS)}),
            self._named(token, question),
        )
        template = "analytics_part.html" if is_partial(request) else "analytics.html"
        return self._site.pages.page(
            request, template, question=question, named=named, interval=question.interval, ranges=stats.RANGES, count=count,
            not_counted=not_counted, seen=seen, figures=figures, links=links, titles=FILTERS,
        )  # fmt: skip

    async def _named(self, token: str, question: Question) -> dict[str, str]:
        """The filters as people read them."""
        named = {name: formats.row_label(value, name) for name, value in question.filters.items()}
        if "linkId" in named:
            link = await self._site.client.link(token, named["linkId"])
            named["linkId"] = formats.without_scheme(link.short_link)
        return named


def can_filter(value: str) -> bool:
    """Whether origin takes this as one value: a comma or a leading minus would mean several, or all others."""
    return 0 < len(value) <= _LONGEST and "," not in value and not value.startswith("-")
