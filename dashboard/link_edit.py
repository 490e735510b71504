"""The pages that make and change a link."""

import asyncio
from datetime import tzinfo
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dashboard.errors import Refused
from dashboard.formats import when
from dashboard.link_form import GROUPS, SPARE_COUNTRIES, LinkForm
from dashboard.link_state import link_state
from dashboard.link_values import shown, to_create, to_update
from dashboard.origin_types import Link
from dashboard.pages import go, zone
from dashboard.site import Site

_CONFLICT = 409
# Of an address in a message, which travels in the session's cookie: browsers keep 4096 bytes of one.
_MOST_OF_ADDRESS = 200
MORE_COUNTRIES = 5


def _created(link: Link, here: tzinfo) -> str:
    """What a visitor of the new link meets from now on."""
    state = link_state(link)
    if state is None or not state.closed:
        return "Link created. It works from now on."
    if state.at:
        return f"Link created. It opens on {when(state.at, here)}."
    return f"Link created, but it leads nobody to its destination. {state.label}: {state.meaning}"


class LinkEdit:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def new(self, request: Request) -> Response:
        return await self._page(request, LinkForm(request, formdata=request.query_params))

    async def create(self, request: Request) -> Response:
        token = await self._site.sessions.token(request)
        form = await LinkForm.from_formdata(request)
        if "more" in await request.form():
            return await self._page(request, form, rows=MORE_COUNTRIES)
        if not await form.validate():
            return await self._page(request, form, status=422)
        try:
            body = to_create(form, await self._new_tags(token, form), zone(request))
            link = await self._site.client.create_link(token, body)
        except Refused as error:
            form.refuse(error)
            return await self._page(request, form, status=error.status)
        completed = form.url.raw_data[0].strip() != form.url.data
        request.session["flash"] = _created(link, zone(request)) + (
            f" An address without https:// is taken as one with it: it leads to {_short(link.url)}" if completed else ""
        )
        return go(f"/links/{link.id}")

    async def edit(self, request: Request) -> Response:
        link, etag = await self._link(request)
        form = LinkForm(request, data={**shown(link, zone(request)), "etag": etag})
        return await self._page(request, form, link)

    async def update(self, request: Request) -> Response:
        link, etag = await self._link(request)
        token = await self._site.sessions.token(request)
        form = await LinkForm.from_formdata(request)
        if "more" in await request.form():
            return await self._page(request, form, link, rows=MORE_COUNTRIES)
        if not await form.validate():
            return await self._page(request, form, link, 422)
        try:
            body = to_update(form, await self._new_tags(token, form), zone(request), link)
            # What differs was told from the link as it is now: that has to be the one that was shown.
            await self._site.client.update_link(token, link.id, body, form.etag.data or etag)
        except Refused as error:
            form.refuse(error)
            return await self._page(request, form, link, error.status)
        request.session["flash"] = "Saved. The edge takes the change over within seconds."
        return go(f"/links/{link.id}")

    async def _new_tags(self, token: str, form: LinkForm) -> list[str]:
        """The names that were typed, each a tag of the workspace by now."""
        names = [each.strip() for each in (form.new_tags.data or "").split(",")]
        names = [each for each in names if each]
        for name in names:
            try:
                await self._site.client.create_tag(token, name)
            except Refused as error:
                if error.status != _CONFLICT:  # there is such a tag already
                    raise Refused(error.status, error.message, "tagNames") from error
        return names

    async def _link(self, request: Request) -> tuple[Link, str]:
        token = await self._site.sessions.token(request)
        return await self._site.client.link_to_edit(token, request.path_params["link_id"])

    async def _page(
        self, request: Request, form: LinkForm, link: Link | None = None, status: int = 200, rows: int = SPARE_COUNTRIES
    ) -> Response:
        token = await self._site.sessions.token(request)
        domains, tags = await asyncio.gather(self._site.client.team.domains(token), self._site.client.tags(token))
        form.offer(domains, tags, link)
        form.add_rows(rows)
        values: dict[str, Any] = {
            "opened": {each: form.is_open(each) for each in GROUPS},
            "more": rows > SPARE_COUNTRIES,
        }
        return self._site.pages.page(request, "link_form.html", status, form=form, link=link, **values)


def _short(url: str) -> str:
    return url if len(url) <= _MOST_OF_ADDRESS else f"{url[:_MOST_OF_ADDRESS]}..."
