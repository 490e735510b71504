"""What is known of a click: found in ClickHouse by its id, and kept with the customer who came by it."""

import asyncio
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import structlog
from prometheus_client import Counter

from origin.storage import named_sql
from origin.storage.clickhouse import ClickHouse, ClickHouseUnavailable

# Columns of `clicks` that `conversions` has as well, but for those that place a click in time and at a link.
FACTS = (
    "domain", "code", "url", "path", "verdict", "trigger", "variant", "rule", "country", "region", "city", "continent",
    "latitude", "longitude", "timezone", "asn", "network", "device", "device_brand", "device_model", "browser",
    "browser_version", "engine", "os", "os_version", "user_agent", "language", "referer", "referer_url", "channel",
    "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "parameters", "visitor", "ip",
)  # fmt: skip
# An id that the edge tells a destination: the isolate's name and a number (edge/redirector/beacon.py).
_TOLD = re.compile(r"[A-Za-z0-9_-]{1,80}-t[0-9]{1,15}")
_SECONDS = 3.0
_SQL = named_sql.load(Path(__file__).with_name("clicks.sql"))
_FACTS_SQL = _SQL["facts"].replace("/*columns*/", ", ".join(FACTS))
MISSED = Counter("nearhop_conversion_lookups_missed_total", "Looks for clicks that ClickHouse did not answer.")
_log = structlog.get_logger(__name__)


class FoundClick(NamedTuple):
    """A click that ClickHouse has; `facts` is JSON."""

    link_id: int
    clicked_at: datetime
    facts: dict[str, Any]


class ClickFinder(Protocol):
    """Where clicks are looked for."""

    async def find(self, workspace_id: int, click_ids: Collection[str]) -> Mapping[str, FoundClick]:
        """Those of a workspace's clicks that are there by now."""
        ...


class NoClicks:
    """A ClickFinder that never finds any, where no ClickHouse is."""

    async def find(self, workspace_id: int, click_ids: Collection[str]) -> Mapping[str, FoundClick]:
        del workspace_id, click_ids
        return {}


def could_be_ours(click_id: str) -> bool:
    """Whether the edge gives ids like this one."""
    return _TOLD.fullmatch(click_id) is not None


Found = Mapping[tuple[int, str], FoundClick]


class _Batch:
    """Clicks that are looked for together, by workspace and id."""

    def __init__(self) -> None:
        self.wanted: set[tuple[int, str]] = set()
        self.answer: asyncio.Task[Found] | None = None


class StoredClicks:
    """The ClickFinder on ClickHouse. Fails open: what it can't ask for is looked for again later.

    Calls that come while one is being answered go together into the next question: many at once cost hardly more than one.
    """

    def __init__(self, clickhouse: ClickHouse) -> None:
        self._clickhouse = clickhouse
        self._turn = asyncio.Lock()
        self._next: _Batch | None = None

    async def find(self, workspace_id: int, click_ids: Collection[str]) -> Mapping[str, FoundClick]:
        if not click_ids:
            return {}
        batch = self._next = self._next or _Batch()
        batch.wanted |= {(workspace_id, name) for name in click_ids}
        if batch.answer is None:
            batch.answer = asyncio.create_task(self._ask(batch), name="clicks-looked-for")
        found = await asyncio.shield(batch.answer)  # the others' as well: it goes on when one of them leaves
        return {name: found[workspace_id, name] for name in click_ids if (workspace_id, name) in found}

    async def _ask(self, batch: _Batch) -> Found:
        async with self._turn:
            self._next = None
            try:
                return await self._read(batch.wanted)
            except ClickHouseUnavailable as error:
                MISSED.inc()
                _log.warning("clicks_not_looked_for", error=str(error)[:300])
                return {}

    async def _read(self, wanted: Collection[tuple[int, str]]) -> Found:
        """In two steps, each a narrow read by the key of its table."""
        asked = {"workspaces": sorted({each for each, _ in wanted}), "ids": sorted({name for _, name in wanted})}
        places = await self._clickhouse.query(_SQL["places"], asked, seconds=_SECONDS)
        if not places:
            return {}
        where = {
            "days": sorted({each["day"] for each in places}),
            "links": sorted({each["link_id"] for each in places}),
            "times": sorted({each["ms"] for each in places}),
        }
        rows = await self._clickhouse.query(_FACTS_SQL, {**asked, **where}, seconds=_SECONDS)
        return {(row["workspace_id"], row["click_id"]): _click(row) for row in rows}


def _click(row: Mapping[str, Any]) -> FoundClick:
    facts = {name: _clean(row[name]) for name in FACTS}
    return FoundClick(row["link_id"], row["timestamp"].replace(tzinfo=UTC), facts)


def _clean(value: Any) -> Any:
    """Without U+0000, which Postgres holds nowhere in JSON."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, Mapping):
        return {_clean(name): _clean(each) for name, each in value.items()}
    return value
