"""Forgetting clicks for good: those of a workspace, of a link, or of a visitor; the rollups forget them as well."""

from datetime import timedelta

from origin.clicks.visitors import VisitorHash
from origin.conversions.erasing import ConversionEraser
from origin.storage.clickhouse import ClickHouse
from origin.storage.rollups import ROLLUPS, delete, refill

# Of conversions as well: they are kept when the click itself has expired.
_TIMES = """
SELECT count() AS found, toUnixTimestamp(min(at)) AS first, toUnixTimestamp(max(at)) AS last
FROM (
    SELECT timestamp AS at FROM clicks WHERE workspace_id = {workspace:UInt64}
    UNION ALL
    SELECT clicked_at AS at FROM conversion_credits WHERE workspace_id = {workspace:UInt64}
)
"""
_DAY = int(timedelta(days=1).total_seconds())


class Eraser:
    """Nothing may insert clicks meanwhile. What is cut off is done by doing it again."""

    def __init__(self, clickhouse: ClickHouse, visitors: VisitorHash, conversions: ConversionEraser) -> None:
        self._clickhouse = clickhouse
        self._visitors = visitors
        self._conversions = conversions

    async def workspace(self, workspace_id: int) -> None:
        """All that is known of a workspace's links, and of who came by them."""
        await self._conversions.workspace(workspace_id)
        for table in ("clicks", *ROLLUPS):
            await delete(self._clickhouse, table, "workspace_id = {workspace:UInt64}", {"workspace": workspace_id})

    async def link(self, workspace_id: int, link_id: int) -> None:
        """All requests for one link."""
        await self._conversions.link(workspace_id, link_id)
        which = "workspace_id = {workspace:UInt64} AND link_id = {link:UInt64}"
        await delete(self._clickhouse, "clicks", which, {"workspace": workspace_id, "link": link_id})
        await refill(self._clickhouse, workspace_id)

    async def visitor(self, workspace_id: int, ip: str, user_agent: str) -> None:
        """All requests of who came from this address with this browser, on any day."""
        days = await self._days(workspace_id)
        hashes = [self._visitors.of(second * 1000, workspace_id, ip, user_agent) for second in days]
        await self._conversions.visitors(workspace_id, hashes)  # first, as the days are those of the clicks
        which = "workspace_id = {workspace:UInt64} AND visitor IN {visitors:Array(UInt64)}"
        await delete(self._clickhouse, "clicks", which, {"workspace": workspace_id, "visitors": hashes})
        await refill(self._clickhouse, workspace_id)

    async def customer(self, workspace_id: int, customer_id: int) -> None:
        """A customer, with all leads and sales. The clicks stay, as those of somebody."""
        await self._conversions.customer(workspace_id, customer_id)

    async def _days(self, workspace_id: int) -> range:
        """The days that anything is known of clicks from, in unix seconds."""
        (there,) = await self._clickhouse.query(_TIMES, {"workspace": workspace_id})
        times = [there["first"], there["last"]] if there["found"] else []
        times += await self._conversions.click_times(workspace_id)
        return range(min(times) // _DAY * _DAY, max(times) + 1, _DAY) if times else range(0)
