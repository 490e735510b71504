"""What the operator has closed, or warns of, is not made again when its link is deleted: at its place, or to its URL.

A place is closed for all workspaces, since theirs may be the same people; a URL for the workspace that had a link to it.
"""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.problems import Forbidden
from origin.storage import named_sql

_SQL = {name: sa.text(text) for name, text in named_sql.load(Path(__file__).with_name("standing.sql")).items()}


class Closed(NamedTuple):
    """Those of the places (domain, key) and URLs that were asked for which the operator has closed."""

    places: frozenset[tuple[str, str]] = frozenset()
    urls: frozenset[str] = frozenset()

    def refusal(self, place: tuple[str, str | None], named: Iterable[tuple[str, str]]) -> Forbidden | None:
        """Why there may be no link at a place to these URLs, each with the name of its field."""
        if place in self.places:
            where = f"{place[0]}/{place[1]}"
            return Forbidden(f"key: the operator of this installation has put {where} into quarantine: ask them.")
        for field, url in named:
            if url in self.urls:
                return Forbidden(
                    f"{field}: the operator of this installation has put a link to this URL into quarantine: ask them."
                )
        return None


async def closed(
    connection: AsyncConnection,
    workspace_id: int,
    places: Collection[tuple[str, str]],
    urls: Collection[str],
    but: int | None = None,
) -> Closed:
    """What of these the operator has closed, on account of other links than `but`."""
    if not places and not urls:
        return Closed()
    values = {
        "workspace": workspace_id, "but": but, "urls": [*urls],
        "domains": [domain for domain, _ in places], "keys": [key for _, key in places],
    }  # fmt: skip
    rows = (await connection.execute(_SQL["closed"], values)).all()
    return Closed(
        frozenset((row.domain, row.key) for row in rows if row.url is None),
        frozenset(row.url for row in rows if row.url is not None),
    )
