"""The list of links, and the forms that make, change and delete one."""

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from dashboard.errors import Refused
from dashboard.forms import ConfirmForm, LinkForm
from dashboard.origin_types import Link
from dashboard.pages import go, is_partial
from dashboard.site import Site

PAGE_SIZE = 25
DEFAULT_SORT = "newest"


class Sort(NamedTuple):
    """An order of the list, as people and as the API call it."""

    label: str
    by: str
    order: str


SORTS = {
    "newest": Sort("Newest", "createdAt", "desc"),
    "oldest": Sort("Oldest", "createdAt", "asc"),
    "changed": Sort("Last changed", "updatedAt", "desc"),
}
_LAST_PAGE = 100_000


@dataclass(frozen=True, slots=True)
class Listing:
    """Which part of the links is shown: what the list's URL says."""

    search: str
    sort: str
    page: int

    @classmethod
    def of(cls, request: Request) -> "Listing":
        """Values that make no sense are read as if they were not there."""
        given = request.query_params
        page = given.get("page", "1")
        number = int(page) if page.isascii() and page.isdecimal() and len(page) < len(str(_LAST_PAGE)) else 1
        sort = given.get("sort", "")
        return cls(given.get("search", "").strip(), sort if sort in SORTS else DEFAULT_SORT, max(1, number))

    def url(self, page: int) -> str:
        """The address of another page of the same list."""
        values = {"search": self.search, "sort": "" if self.sort == DEFAULT_SORT else self.sort}
        query = {name: value for name, value in values.items() if value} | ({"page": str(page)} if page > 1 else {})
        return "/links" + (f"?{urlencode(query)}" if query else "")

    def paging(self) -> dict[str, str]:
        """What the API takes for this order and page."""
        sort = SORTS[self.sort]
        return {"page": str(self.page), "pageSize": str(PAGE_SIZE), "sortBy": sort.by, "sortOrder": sort.order}

    def filters(self) -> dict[str, str]:
        return {"search": self.search} if self.search else {}


class Links:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def index(self, request: Request) -> Response:
        """The list. Asked for by htmx it is the part that changes while one types a search."""
        listing = Listing.of(request)
        token = await self._site.sessions.token(request)
        links = await self._site.client.links(token, {**listing.filters(), **listing.paging()})
        total = await self._site.client.count_links(token, listing.filters())
        if not links and listing.page > 1:
            return go(listing.url(max(1, -(-total // PAGE_SIZE))))
        template = "links_part.html" if is_partial(request) else "links.html"
        response = self._site.pages.page(
            request, template, links=links, listing=listing, total=total, page_size=PAGE_SIZE, sorts=SORTS
        )
        response.headers["HX-Replace-Url"] = listing.url(listing.page)
        return response

    async def new(self, request: Request) -> Response:
        await self._site.sessions.token(request)
        return self._form(request, LinkForm(request, formdata=request.query_params))

    async def create(self, request: Request) -> Response:
        token = await self._site.sessions.token(request)
        form = await LinkForm.from_formdata(request)
        if not await form.validate():
            return self._form(request, form, status=422)
        try:
            link = await self._site.client.create_link(token, form.to_create())
        except Refused as error:
            form.refuse(error)
            return self._form(request, form, status=error.status)
        request.session["flash"] = "Link created. It works from now on."
        return go(f"/links/{link.id}")

    async def edit(self, request: Request) -> Response:
        link = await self._link(request)
        return self._form(request, LinkForm(request, obj=link), link)

    async def update(self, request: Request) -> Response:
        link = await self._link(request)
        token = await self._site.sessions.token(request)
        form = await LinkForm.from_formdata(request)
        if not await form.validate():
            return self._form(request, form, link, 422)
        try:
            await self._site.client.update_link(token, link.id, form.to_update())
        except Refused as error:
            form.refuse(error)
            return self._form(request, form, link, error.status)
        request.session["flash"] = "Saved. The edge takes the change over within seconds."
        return go(f"/links/{link.id}")

    async def confirm_delete(self, request: Request) -> Response:
        link = await self._link(request)
        return self._site.pages.page(request, "link_delete.html", link=link, form=ConfirmForm(request))

    async def delete(self, request: Request) -> Response:
        token = await self._site.sessions.token(request)
        await self._site.client.delete_link(token, request.path_params["link_id"])
        request.session["flash"] = "Link deleted."
        return go("/links")

    async def _link(self, request: Request) -> Link:
        token = await self._site.sessions.token(request)
        return await self._site.client.link(token, request.path_params["link_id"])

    def _form(self, request: Request, form: LinkForm, link: Link | None = None, status: int = 200) -> Response:
        return self._site.pages.page(request, "link_form.html", status, form=form, link=link)
