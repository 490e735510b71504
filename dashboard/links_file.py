"""The list of links as a CSV file, read page by page while it is sent."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from dashboard.errors import Refused
from dashboard.origin_client import OriginClient
from dashboard.origin_types import Link

if TYPE_CHECKING:
    from dashboard.links import Listing

COLUMNS = ("short_link", "url", "title", "clicks", "last_clicked", "created_at", "updated_at", "tags", "archived", "id")
_PAGE_SIZE = 100
# A rate limit is of a minute, and the same for the pages that one looks at meanwhile.
WAIT_SECONDS = 5
_MOST_WAITS = 24
_TOO_MANY_REQUESTS = 429
# What a spreadsheet would run as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def rows(client: OriginClient, token: str, listing: "Listing") -> AsyncIterator[bytes]:
    """A line of names, and a line a link. What origin refuses of the first ones is raised here, before anything is sent."""
    params = {**listing.filters(), **listing.order(), "pageSize": str(_PAGE_SIZE)}
    return _rows(client, token, params, await client.links(token, params))


async def _rows(client: OriginClient, token: str, params: dict[str, str], links: list[Link]) -> AsyncIterator[bytes]:
    yield _lines([COLUMNS])
    while True:
        yield _lines([_row(link) for link in links])
        if len(links) < _PAGE_SIZE:
            return
        links = await _patient(client, token, {**params, "startingAfter": links[-1].id})


async def _patient(client: OriginClient, token: str, params: dict[str, str]) -> list[Link]:
    """The next links, also where origin asks to wait: half a file is none."""
    for _ in range(_MOST_WAITS):
        try:
            return await client.links(token, params)
        except Refused as error:
            if error.status != _TOO_MANY_REQUESTS:
                raise
        await asyncio.sleep(WAIT_SECONDS)
    return await client.links(token, params)


def _row(link: Link) -> tuple[str, ...]:
    return (
        link.short_link, link.url, link.title or "", str(link.clicks),
        link.last_clicked.isoformat() if link.last_clicked else "", link.created_at.isoformat(),
        link.updated_at.isoformat(), ", ".join(tag.name for tag in link.tags), "yes" if link.archived else "no", link.id,
    )  # fmt: skip


def _lines(rows: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([f"'{each}" if each.startswith(_FORMULA) else each for each in row] for row in rows)
    return text.getvalue().encode()
