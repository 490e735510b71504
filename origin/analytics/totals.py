"""Click totals for API objects that show them in passing."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import structlog
from prometheus_client import Counter

from origin.analytics.conversion_reader import ConversionReader
from origin.analytics.reader import AnalyticsReader
from origin.links.totals import Converted
from origin.storage.clickhouse import ClickHouseUnavailable

MISSED = Counter("nearhop_click_totals_missed_total", "Answers that showed 0 clicks because ClickHouse did not answer.")
_log = structlog.get_logger(__name__)


class ClickTotals:
    """Fails open: a link can be shown and edited while ClickHouse is down, with 0 clicks."""

    def __init__(self, reader: AnalyticsReader) -> None:
        self._reader = reader

    async def for_links(self, workspace_id: int, ids: Collection[int]) -> Mapping[int, tuple[int, datetime | None]]:
        """(clicks, time of the last one) by link; links without clicks are missing."""
        try:
            return await self._reader.totals(workspace_id, list(ids)) if ids else {}
        except ClickHouseUnavailable as error:
            MISSED.inc()
            _log.warning("click_totals_missed", error=str(error)[:300])
            return {}


class StoredConversions:
    """Leads and sales of links. Fails open like ClickTotals."""

    def __init__(self, reader: ConversionReader) -> None:
        self._reader = reader

    async def for_links(self, workspace_id: int, link_ids: Sequence[int], model: str) -> Mapping[int, Converted]:
        """By link; links without any are missing."""
        try:
            found = await self._reader.totals(workspace_id, list(link_ids), model) if link_ids else {}
        except ClickHouseUnavailable as error:
            MISSED.inc()
            _log.warning("conversion_totals_missed", error=str(error)[:300])
            return {}
        return {
            number: Converted(row["leads"], row["conversions"], row["sales"], row["revenue"])
            for number, row in found.items()
        }
