"""The link of a click, as conversions and customers show it."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.conversions.model import LinkRef
from origin.links.reader import Reader
from origin.storage.tables import Row, customer_clicks, links


@dataclass(frozen=True, slots=True)
class LinkRefs:
    """Reads links in short."""

    reader: Reader

    async def by_ids(self, connection: AsyncConnection, workspace_id: int, numbers: set[int]) -> dict[int, LinkRef]:
        """The workspace's links with these numbers; those that are gone are left out."""
        mine = sa.and_(links.c.workspace_id == workspace_id, links.c.id.in_(numbers))
        return (
            {row.id: self._ref(row) for row in await connection.execute(sa.select(links).where(mine))}
            if numbers
            else {}
        )

    async def of_click(
        self, connection: AsyncConnection, workspace_id: int, customer_id: int, click_id: str
    ) -> LinkRef | None:
        """The link of a customer's click, if that was found and the link is still there."""
        select = (
            sa.select(links)
            .join(customer_clicks, customer_clicks.c.link_id == links.c.id)
            .where(
                links.c.workspace_id == workspace_id,
                customer_clicks.c.customer_id == customer_id,
                customer_clicks.c.click_id == click_id,
            )
        )
        row = (await connection.execute(select)).one_or_none()
        return None if row is None else self._ref(row)

    def _ref(self, row: Row) -> LinkRef:
        same = ("domain", "key", "url", "partner_id", "program_id", "tenant_id", "external_id")
        return LinkRef(
            **{name: getattr(row, name) for name in same},
            id=ids.public(ids.LINK, row.id),
            short_link=self.reader.short_link(row.domain, row.key),
        )
