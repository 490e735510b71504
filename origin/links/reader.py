"""Reading links of a workspace, as the API shows them."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any
from urllib.parse import quote

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.conversions import money, settings
from origin.conversions.settings import Attribution
from origin.links import paging
from origin.links.filters import searched
from origin.links.model import CountFilter, CountQuery, EdgeState, Link, ListFilter, Quarantine
from origin.links.passwords import MASK
from origin.links.redirects import is_one_time
from origin.links.totals import ClickTotals, ConversionTotals, Converted, NoConversions
from origin.pages import Page, fetch
from origin.problems import NotFound
from origin.storage.tables import Row, kv_keys, link_claims, link_tags, links
from origin.tags import service as tags
from origin.tags.model import Tag

# What a path may hold without being percent-encoded.
_SAFE_IN_PATH = "/-._~!$&'()*+,;=:@"
_MOST_GROUPS = 1000
_MOST_RANKED = 1000
# Other codes of a link are rows of their own.
NO_ALIAS = links.c.alias_of.is_(None)
# What links may be counted by: the column, and the prefix of the ids that it holds.
_GROUPS: dict[str, tuple[sa.Column[Any], str]] = {
    "domain": (links.c.domain, ""),
    "tagId": (link_tags.c.tag_id, ids.TAG),
    "userId": (links.c.user_id, ids.USER),
    "folderId": (links.c.folder_id, ids.FOLDER),
}


_NO_CONVERSIONS = NoConversions()


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads links and puts together what belongs to them."""

    totals: ClickTotals
    default_domain: str
    edge_url: str
    api_url: str
    conversions: ConversionTotals = _NO_CONVERSIONS

    async def by_ids(self, connection: AsyncConnection, workspace_id: int, link_ids: list[int]) -> list[Link]:
        """The links with these numbers, in this order; those that are gone are left out."""
        select = _select(workspace_id).where(links.c.id.in_(link_ids))

        async def read() -> list[Row]:
            found = {row.id: row for row in await connection.execute(select)}
            return [found[each] for each in link_ids if each in found]

        return await self._counted(connection, workspace_id, link_ids, read())

    async def one(self, connection: AsyncConnection, workspace_id: int, link_id: int) -> tuple[Link, int]:
        """A link, and the number of its latest edit; raises NotFound."""
        row = (await connection.execute(_select(workspace_id).where(links.c.id == link_id))).one_or_none()
        if row is None:
            raise NotFound
        (link,) = await self._shown(connection, workspace_id, [row])
        return link, row.revision

    async def page(self, connection: AsyncConnection, workspace_id: int, wanted: ListFilter, page: Page) -> list[Link]:
        """One page of the links that fit, in the order that was asked for; raises Unprocessable for a bad cursor."""
        place = paging.place(wanted)
        fitting, asked = await searched(connection, workspace_id, wanted)
        if asked is not None and wanted.sort_by in {None, "relevance"} and place.cursor is None:
            return await self._most_relevant(connection, workspace_id, wanted, page, fitting, asked)
        select = _select(workspace_id).where(*fitting)
        if place.cursor is None:
            return await self._shown(connection, workspace_id, await fetch(connection, select, place.order, page))
        select = select.where(await paging.beyond(connection, workspace_id, place)).order_by(*place.order.columns)
        rows = list(await connection.execute(select.limit(wanted.page_size)))
        return await self._shown(connection, workspace_id, rows[::-1] if place.backwards else rows)

    async def _most_relevant(
        self,
        connection: AsyncConnection,
        workspace_id: int,
        wanted: ListFilter,
        page: Page,
        fitting: list[sa.ColumnElement[bool]],
        asked: sa.ColumnElement[Any],
    ) -> list[Link]:
        """A page of what was searched for, the best first: ranked are the newest thousand that fit.

        What was made since the first page was asked for would move the others, so it is left out of them.
        """
        mine = sa.and_(links.c.workspace_id == workspace_id, NO_ALIAS, *fitting)
        if page.behind is not None:
            mine = sa.and_(mine, links.c.created_at <= sa.cast(sa.literal(page.behind[0]), links.c.created_at.type))
        newest = sa.select(links.c.id, links.c.search, links.c.created_at).where(mine)
        ranked = newest.order_by(links.c.created_at.desc(), links.c.id.desc()).limit(_MOST_RANKED).subquery()
        rank = sa.func.ts_rank(ranked.c.search, asked)
        best = sa.select(ranked.c.id, sa.cast(sa.func.now(), sa.Text).label("now"))
        best = best.order_by(rank.desc(), ranked.c.created_at.desc(), ranked.c.id.desc())
        rows = (await connection.execute(best.limit(page.size).offset((wanted.page - 1) * page.size))).all()
        if len(rows) == page.size:
            page.ended = page.behind or (rows[-1].now, 0)
        return await self.by_ids(connection, workspace_id, [row.id for row in rows])

    async def count(self, connection: AsyncConnection, workspace_id: int, wanted: CountFilter) -> int:
        """How many links fit."""
        mine = links.c.workspace_id == workspace_id
        fitting, _ = await searched(connection, workspace_id, wanted)
        select = sa.select(sa.func.count()).select_from(links).where(mine, NO_ALIAS, *fitting)
        return int((await connection.execute(select)).scalar_one())

    async def count_by(
        self, connection: AsyncConnection, workspace_id: int, wanted: CountQuery
    ) -> list[dict[str, str | int | None]]:
        """How many links fit, by what `wanted.group_by` says, the most first."""
        field = str(wanted.group_by)
        column, prefix = _GROUPS[field]
        mine = links.c.workspace_id == workspace_id
        joined = links.join(link_tags, link_tags.c.link_id == links.c.id) if field == "tagId" else links
        total = sa.func.count().label("total")
        select = sa.select(column.label("group"), total).select_from(joined).group_by(column)
        wanted_ones, _ = await searched(connection, workspace_id, wanted)
        fitting = select.where(mine, NO_ALIAS, column.isnot(None), *wanted_ones)
        rows = await connection.execute(fitting.order_by(total.desc(), column).limit(_MOST_GROUPS))
        return [{field: ids.public(prefix, row.group) if prefix else row.group, "_count": row.total} for row in rows]

    def short_link(self, domain: str, key: str) -> str:
        """The address that visitors open."""
        base = self.edge_url if domain == self.default_domain else f"https://{domain}"
        return f"{base}/{quote(key, safe=_SAFE_IN_PATH)}"

    async def _shown(self, connection: AsyncConnection, workspace_id: int, rows: list[Row]) -> list[Link]:
        async def known() -> list[Row]:
            return rows

        return await self._counted(connection, workspace_id, [row.id for row in rows], known())

    async def _counted(
        self, connection: AsyncConnection, workspace_id: int, link_ids: list[int], reading: Awaitable[list[Row]]
    ) -> list[Link]:
        """The links of the rows that are being read, with all that belongs to them. Their clicks are counted meanwhile."""

        async def read() -> tuple[list[Row], dict[int, list[Tag]], Attribution | None]:
            rows = await reading
            if not rows:
                return [], {}, None
            tagged = await tags.of_links(connection, [row.id for row in rows])
            return rows, tagged, await settings.if_used(connection, workspace_id)

        (rows, tagged, attribution), totals = await asyncio.gather(  # two stores
            read(), self.totals.for_links(workspace_id, link_ids)
        )
        converted, factors = dict[int, Converted](), dict[str, Decimal]()
        if attribution is not None:
            numbers = [row.id for row in rows]
            converted = dict(await self.conversions.for_links(workspace_id, numbers, attribution.model))
            factors = attribution.factors()
        shown = []
        for row in rows:
            came = converted.get(row.id, Converted())
            amount = money.total(came.revenue, factors)
            shown.append(self._link(row, tagged.get(row.id, []), totals.get(row.id, (0, None)), came, amount))
        return shown

    def _link(
        self, row: Row, tagged: list[Tag], total: tuple[int, datetime | None], came: Converted, sale_amount: int
    ) -> Link:
        clicks, last_clicked = total
        short_link = self.short_link(row.domain, row.key)
        workspace_id = ids.public(ids.WORKSPACE, row.workspace_id)
        return Link(
            **dict(zip(_SAME_NAME, _same(row), strict=True)),
            id=ids.public(ids.LINK, row.id),
            short_link=short_link,
            qr_code=f"{self.api_url}/api/v1/qr?url={quote(short_link, safe='')}",
            password=MASK if row.password_hash else None,
            user_id=None if row.user_id is None else ids.public(ids.USER, row.user_id),
            workspace_id=workspace_id,
            project_id=workspace_id,
            tags=tagged,
            tag_id=tagged[0].id if tagged else None,
            folder_id=None if row.folder_id is None else ids.public(ids.FOLDER, row.folder_id),
            webhook_ids=[],
            clicks=clicks,
            leads=came.leads,
            conversions=came.conversions,
            sales=came.sales,
            sale_amount=sale_amount,
            last_clicked=last_clicked,
            opened_at=row.opened_at if is_one_time(row.redirect) else None,
            edge=_edge_state(row),
            quarantine=msgspec.convert(row.quarantine, Quarantine | None),
        )


_SAME_NAME = tuple(
    set(Link.__struct_fields__) & set(links.c.keys()) - {"id", "user_id", "workspace_id", "folder_id", "quarantine"}
)
_same = attrgetter(*_SAME_NAME)


def _select(workspace_id: int) -> "sa.Select[Any]":
    same_key = kv_keys.c.key == links.c.domain + "/" + links.c.key
    edge = (kv_keys.c.version.label("kv_version"), kv_keys.c.deleted.label("kv_deleted"), kv_keys.c.synced_at)
    opened = link_claims.c.claimed_at.label("opened_at")
    joined = sa.outerjoin(links, kv_keys, same_key).outerjoin(link_claims, link_claims.c.link_id == links.c.id)
    return sa.select(links, *edge, opened).select_from(joined).where(links.c.workspace_id == workspace_id, NO_ALIAS)


def _edge_state(row: Row) -> EdgeState:
    version = 0 if row.kv_version is None or row.kv_deleted else int(row.kv_version)
    if version >= row.version and row.synced_at is not None:
        return EdgeState("live", version, row.synced_at)
    return EdgeState("pending", version, row.updated_at)
