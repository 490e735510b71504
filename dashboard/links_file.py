"""The list of links as a CSV file, read page by page while it is sent."""

import csv
import io
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from dashboard.origin_client import OriginClient
from dashboard.origin_types import Link

if TYPE_CHECKING:
    from dashboard.links import Listing

COLUMNS = ("short_link", "url", "title", "clicks", "last_clicked", "created_at", "updated_at", "tags", "archived", "id")
_PAGE_SIZE = 100
# What a spreadsheet would run as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def rows(client: OriginClient, token: str, listing: "Listing") -> AsyncIterator[bytes]:
    """A line of names, and a line a link."""
    yield _lines([COLUMNS])
    params = {**listing.filters(), **listing.order(), "pageSize": str(_PAGE_SIZE)}
    after: dict[str, str] = {}
    while True:
        links = await client.links(token, {**params, **after})
        yield _lines([_row(link) for link in links])
        if len(links) < _PAGE_SIZE:
            return
        after = {"startingAfter": links[-1].id}


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
