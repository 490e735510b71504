"""The list of links, and the form that deletes one."""

import asyncio
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from dashboard.downloads import attachment
from dashboard.forms import ConfirmForm
from dashboard.links_file import rows
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
_LONG_SECONDS = 600  # that writing a file of many links may take


@dataclass(frozen=True, slots=True)
class Listing:
    """Which part of the links is shown: what the list's URL says."""

    search: str
    sort: str
    page: int
    tag: str = ""
    archived: bool = False  # those as well

    @classmethod
    def of(cls, request: Request) -> "Listing":
        """Values that make no sense are read as if they were not there."""
        given = request.query_params
        page = given.get("page", "1")
        number = int(page) if page.isascii() and page.isdecimal() and len(page) < len(str(_LAST_PAGE)) else 1
        sort = given.get("sort", "")
        sort = sort if sort in SORTS else DEFAULT_SORT
        search, tag = given.get("search", "").strip(), given.get("tag", "")
        return cls(search, sort, max(1, number), tag, bool(given.get("archived")))

    def url(self, page: int, path: str = "/links") -> str:
        """The address of another page of the same list, or of what else is about it."""
        values = {"search": self.search, "tag": self.tag, "archived": "y" if self.archived else ""}
        values["sort"] = "" if self.sort == DEFAULT_SORT else self.sort
        query = {name: value for name, value in values.items() if value} | ({"page": str(page)} if page > 1 else {})
        return path + (f"?{urlencode(query)}" if query else "")

    def paging(self) -> dict[str, str]:
        """What the API takes for this order and page."""
        return {"page": str(self.page), "pageSize": str(PAGE_SIZE), **self.order()}

    def order(self) -> dict[str, str]:
        """The same for the order alone."""
        sort = SORTS[self.sort]
        return {"sortBy": sort.by, "sortOrder": sort.order}

    def filters(self) -> dict[str, str]:
        """The same for what is looked for."""
        values = {"search": self.search, "tagIds": self.tag, "showArchived": "true" if self.archived else ""}
        return {name: value for name, value in values.items() if value}


class Links:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def index(self, request: Request) -> Response:
        """The list. Asked for by htmx it is the part that changes while one types a search."""
        listing = Listing.of(request)
        token = await self._site.sessions.token(request)
        client = self._site.client
        links, total, tags = await asyncio.gather(
            client.links(token, {**listing.filters(), **listing.paging()}),
            client.count_links(token, listing.filters()),
            client.tags(token),
        )
        if not links and listing.page > 1:
            return go(listing.url(max(1, -(-total // PAGE_SIZE))))
        template = "links_part.html" if is_partial(request) else "links.html"
        response = self._site.pages.page(
            request, template, links=links, listing=listing, total=total, page_size=PAGE_SIZE, sorts=SORTS, tags=tags
        )
        response.headers["HX-Replace-Url"] = listing.url(listing.page)
        return response

    async def export(self, request: Request) -> Response:
        """`/links.csv`: all that the list would show, on all its pages."""
        token = await self._site.sessions.token(request, lasting=_LONG_SECONDS)
        return attachment(await rows(self._site.client, token, Listing.of(request)), "links.csv")

    async def confirm_delete(self, request: Request) -> Response:
        token = await self._site.sessions.token(request)
        link = await self._site.client.link(token, request.path_params["link_id"])
        return self._site.pages.page(request, "link_delete.html", link=link, form=ConfirmForm(request))

    async def delete(self, request: Request) -> Response:
        token = await self._site.sessions.token(request)
        await self._site.client.delete_link(token, request.path_params["link_id"])
        request.session["flash"] = "Link deleted."
        return go("/links")
