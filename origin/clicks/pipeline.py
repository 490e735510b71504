"""The way of a click inside origin, put together: intake, spool, drain, and the connection to ClickHouse they end at."""

import asyncio
import contextlib
from collections.abc import Mapping

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.clicks import metrics
from origin.clicks.blocks import BlockReader, BlockRows
from origin.clicks.caps import MonthlyCap
from origin.clicks.claims import BatchClaims
from origin.clicks.drain import Drain
from origin.clicks.edge_counters import EdgeCounters
from origin.clicks.enrich import Enricher
from origin.clicks.geo import GeoFile
from origin.clicks.intake import Intake
from origin.clicks.journal import Journal
from origin.clicks.link_caps import LinkCaps
from origin.clicks.popular import PopularLinks
from origin.clicks.refused import RefusedClicks
from origin.clicks.retention import Retention
from origin.clicks.settings import ClickSettings
from origin.clicks.spool import Spool
from origin.clicks.visitors import VisitorHash, address_keeper
from origin.ending import end
from origin.health import Part
from origin.links.options import Records
from origin.plans import days_of_plans
from origin.settings import OriginSettings
from origin.storage.clickhouse import ClickHouse, ClickHouseUnavailable
from origin.storage.clickhouse_schema import migrate

_RECONNECT_SECONDS = 2.0
_FLUSH_SECONDS = 4.0
_log = structlog.get_logger(__name__)


def clickhouse_of(settings: OriginSettings, clicks: ClickSettings) -> ClickHouse:
    """The ClickHouse that the settings name, not yet open: the pipeline opens it."""
    return ClickHouse(
        settings.home / "clickhouse",
        settings.clickhouse_url,
        cluster=clicks.clickhouse_cluster,
        readers=clicks.clickhouse_readers,
        memory_mb=clicks.clickhouse_memory_mb,
    )


class ClickPipeline:
    """One a process. `start` and `stop` belong to the app's lifespan."""

    def __init__(
        self, settings: OriginSettings, clicks: ClickSettings, engine: AsyncEngine, clickhouse: ClickHouse
    ) -> None:
        folder = settings.home / "spool"
        self.refused = RefusedClicks(folder / "refused")
        enricher = Enricher(
            GeoFile(clicks.geo_file),
            VisitorHash(settings.signing_key),
            address_keeper(clicks.click_ip),
            clicks.click_parameters,
            data_centres=clicks.click_data_centres,
        )
        self._clickhouse = clickhouse
        self.spool = Spool(folder, segment_bytes=clicks.spool_segment_bytes, max_bytes=clicks.spool_max_bytes)
        self._journal = Journal(folder / "drain.json")
        self.claims = BatchClaims(engine)
        self.caps = MonthlyCap(clickhouse, clicks.clicks_per_month)
        self.link_caps = LinkCaps(engine, clickhouse, Records(settings.edge_signing_secret))
        self.retention = Retention(engine, clickhouse, days_of_plans(clicks.click_retention, "NEARHOP_CLICK_RETENTION"))
        self._edges = EdgeCounters(engine)
        self._popular = PopularLinks(engine, clickhouse, clicks.popular_links)
        self.intake = Intake(self.spool, self.refused)
        self.drain = Drain(
            self.spool,
            self._journal,
            BlockReader(self.spool, clicks.clicks_per_insert),
            BlockRows(enricher, self.refused),
            self.claims,
            self.caps,
            self.link_caps,
            self._edges,
            self.retention,
            clickhouse,
            linger_seconds=clicks.click_linger_ms / 1000,
        )
        self._connected = False
        self._task: asyncio.Task[None] | None = None
        self._beside: list[asyncio.Task[None]] = []

    def reserve(self) -> None:
        """Take what only one process may have, before anything is begun; raises FolderLocked."""
        self.spool.reserve()
        self._clickhouse.reserve()

    async def prepare(self) -> None:
        """Open the embedded ClickHouse; raises ClickHouseUnavailable."""
        if self._clickhouse.embedded:
            await self._connect()

    async def start(self) -> None:
        """Take clicks from now on. An embedded ClickHouse must open; a server may still be down, and is tried again."""
        self.spool.open()
        self._journal.open()
        if self._clickhouse.embedded:
            await self._connect()
        metrics.SPOOL_BYTES.set_function(lambda: self.spool.stored_bytes)
        metrics.SPOOL_DAMAGED.set_function(lambda: self.spool.segments.damaged_bytes)
        metrics.LAG.set_function(lambda: self.drain.lag_seconds)
        self._task = asyncio.create_task(self._run(), name="click-drain")
        self._beside = [
            asyncio.create_task(self._edges.show_each_minute(), name="edge-counters"),
            asyncio.create_task(self._popular.rank_every_ten_minutes(), name="popular-links"),
        ]

    async def stop(self) -> None:
        """Take no more clicks, bring the spooled ones to ClickHouse if that goes quickly, and close; the rest stays spooled."""
        self.spool.close()
        await end(*self._beside)
        if self._task is not None:
            self.drain.stop()
            _, late = await asyncio.wait([self._task], timeout=_FLUSH_SECONDS)
            await end(*late)
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._clickhouse.close()

    async def is_drained(self) -> bool:
        """Whether ClickHouse has everything that was accepted until now."""
        return await self.drain.is_done()

    async def ready(self) -> Mapping[str, Part]:
        """The parts that clicks need."""
        return {
            "spool": Part(ok=not self.spool.problem, detail=self.spool.problem),
            "clickhouse": await self._clickhouse_part(),
            "drain": self._drain_part(),
        }

    def _drain_part(self) -> Part:
        if self._task is not None and self._task.done() and not self._task.cancelled():
            return Part(ok=False, detail=f"the drain has ended: {self._task.exception()!r}")
        return Part(ok=not self.drain.problem, detail=self.drain.problem)

    async def _clickhouse_part(self) -> Part:
        try:
            await self._clickhouse.ping()
        except ClickHouseUnavailable as error:
            return Part(ok=False, detail=str(error)[:300])
        return Part(ok=True)

    async def _run(self) -> None:
        while not self._connected:
            try:
                await self._connect()
            except ClickHouseUnavailable as error:
                _log.warning("clickhouse_not_reached", error=str(error)[:500])
                await asyncio.sleep(_RECONNECT_SECONDS)
        try:
            await self.drain.run()
        except Exception:
            # Clicks are still taken and kept; /readyz says that they go no further.
            _log.exception("drain_ended")
            raise

    async def _connect(self) -> None:
        if not self._clickhouse.opened:
            await self._clickhouse.open()
        await migrate(self._clickhouse)
        self._connected = True
