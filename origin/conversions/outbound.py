"""A block of conversions on its way to ClickHouse: the rows as they are now, and those that take former ones back."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from origin import ids
from origin.clicks.retention import Retention
from origin.conversions import row
from origin.storage import named_sql
from origin.storage.clickhouse import ClickHouse
from origin.storage.tables import Row

_SECONDS = 20.0
_SQL = named_sql.load(Path(__file__).with_name("clicks.sql"))
_FORMER = _SQL["former"].replace("/*columns*/", ", ".join(row.COLUMNS))


class Outbound:
    """Sends blocks. A block that is sent again changes nothing, also when it has other rows by then."""

    def __init__(self, clickhouse: ClickHouse, retention: Retention) -> None:
        self._clickhouse = clickhouse
        self._retention = retention

    async def send(self, block: int, conversions: Sequence[Row]) -> None:
        """Insert what ClickHouse lacks of these conversions, and take back what it has of former revisions."""
        keep_days = await self._retention.days()
        former = await self._former([each for each in conversions if each.sent])
        there = {(each["event_id"], each["revision"]) for each in former}
        wanted = {(ids.public(ids.CONVERSION, each.id), each.revision) for each in conversions}
        rows = [row.taken_back(each) for each in former if (each["event_id"], each["revision"]) not in wanted]
        for each in conversions:
            if (ids.public(ids.CONVERSION, each.id), each.revision) not in there:
                rows.extend(row.rows_of(each, keep_days.get(each.workspace_id, 0)))
        if rows:
            columns = list(zip(*rows, strict=True))
            token = f"conversions-{block}"
            await self._clickhouse.insert("conversion_credits", row.COLUMNS, columns, token, seconds=_SECONDS)

    async def _former(self, conversions: Iterable[Row]) -> list[dict[str, Any]]:
        known = list(conversions)
        if not known:
            return []
        asked = {
            "workspaces": sorted({each.workspace_id for each in known}),
            "days": sorted({each.occurred_at.date().isoformat() for each in known}),
            "events": [ids.public(ids.CONVERSION, each.id) for each in known],
        }
        return await self._clickhouse.query(_FORMER, asked, seconds=_SECONDS)
