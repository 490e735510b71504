"""A link's own page: its clicks over time and where they came from, fresh within seconds."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from dashboard import stats
from dashboard.link_state import link_state
from dashboard.origin_types import Link
from dashboard.pages import is_partial, zone
from dashboard.site import Site
from shared.uncounted import uncounted

TOPS = (stats.COUNTRIES, stats.REFERRERS, stats.BROWSERS, stats.DEVICES)
_NO_CONTENT = 204


class LinkPage:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: Request) -> Response:
        """The page; asked for by htmx, the part that changes, or nothing where nothing has changed."""
        token = await self._site.sessions.token(request)
        interval = stats.range_of(request.query_params.get("range", ""))
        link = await self._site.client.link(token, request.path_params["link_id"])
        params = {"linkId": link.id, "interval": interval, "timezone": stats.zone_name(zone(request))}
        client = self._site.client
        count, found = await asyncio.gather(client.click_count(token, params), client.accounting(token, params))
        not_counted = uncounted(found.requests)
        seen = seen_mark(link, interval, count, not_counted)
        if is_partial(request) and request.query_params.get("seen") == seen:
            return Response(status_code=_NO_CONTENT)
        figures = await stats.figures(client, token, params, TOPS)
        template = "link_stats.html" if is_partial(request) else "link.html"
        return self._site.pages.page(
            request, template, link=link, interval=interval, ranges=stats.RANGES, count=count, seen=seen,
            not_counted=not_counted, figures=figures,
        )  # fmt: skip


def seen_mark(link: Link, interval: str, count: int, not_counted: str) -> str:
    """What the changing part of the page depends on: as long as this is the same, so is the part."""
    edge, state = link.edge.state if link.edge else "", link_state(link)
    return f"{interval}.{count}.{not_counted}.{edge}.{state.mark if state else ''}.{int(link.updated_at.timestamp())}"
