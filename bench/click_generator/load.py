"""Fills ClickHouse with the model's clicks: the same ones as the intake would bring, evaluated in SQL.

The rollups fill through their materialized views. What a header, a referrer or a place mean is asked of origin's own
enricher once for each, so the rows are those that the drain would have written.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.click_generator import model
from bench.click_generator.agents import AGENTS
from bench.click_generator.draw import key_of
from bench.click_generator.model import Model
from bench.click_generator.places import PLACES
from bench.click_generator.sources import CAMPAIGNS, REFERERS, TRAFFIC
from origin.clicks.enrich import Enricher, Origin
from origin.clicks.event import Click
from origin.clicks.geo import GeoFile
from origin.clicks.row import ClickRow
from origin.clicks.visitors import VisitorHash, address_keeper
from origin.storage import named_sql
from origin.storage.clickhouse import ClickHouse

Table = list[tuple[Any, ...]]

_SQL = named_sql.load(Path(__file__).with_name("load.sql"))
_SOURCE_STEP = 256
# One insert: large enough for speed, small enough for the views' memory, and a short time, so that rollups stay compact.
_CLICKS_PER_INSERT = 500_000
_SETTINGS = (
    " SETTINGS max_threads = 2, max_insert_threads = 2, max_block_size = 65536, min_insert_block_size_rows = 250000,"
    " max_partitions_per_insert_block = 0"
)
_PLACE_COLUMNS = (
    "country", "region", "city", "continent", "latitude", "longitude", "timezone", "asn", "network", "geo_source",
    "language",
)  # fmt: skip
_AGENT_COLUMNS = (
    "user_agent", "bot", "bot_name", "bot_reason", "device", "device_brand", "device_model", "browser",
    "browser_version", "engine", "os", "os_version",
)  # fmt: skip
_SOURCE_COLUMNS = (
    "referer", "referer_url", "channel", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
)  # fmt: skip


class Loaded(NamedTuple):
    """What a load took."""

    clicks: int
    seconds: float


class Loader:
    """Loads one model. The ClickHouse is open, migrated, and this one's alone for the time."""

    def __init__(self, clickhouse: ClickHouse, clicks: Model) -> None:
        self._clickhouse = clickhouse
        self._model = clicks
        self._enricher = Enricher(GeoFile(None), VisitorHash("load"), address_keeper("truncated"))

    async def load(self, said: Callable[[int], None] = lambda _: None) -> Loaded:
        """Load all; `said` hears how many are in."""
        began = time.monotonic()
        await self._make_tables()
        parameters = self._parameters()
        for from_hour, to_hour, done in self._parts():
            values = {**parameters, "from_hour": from_hour, "to_hour": to_hour}
            await self._clickhouse.command(_SQL["load"] + _SETTINGS, values, seconds=600)
            said(done)
        for name in ("hours", "places", "agents", "sources"):
            await self._clickhouse.command(f"DROP TABLE model_{name}")
        return Loaded(self._model.shape.clicks, time.monotonic() - began)

    def _parts(self) -> Iterator[tuple[int, int, int]]:
        """Hours from and to, and the clicks up to there."""
        plan = self._model.plan
        first = 0
        for hour in range(1, plan.hours + 1):
            if hour == plan.hours or plan.starts[hour + 1] - plan.starts[first] > _CLICKS_PER_INSERT:
                yield plan.first_hour + first, plan.first_hour + hour, plan.starts[hour]
                first = hour

    def _parameters(self) -> dict[str, Any]:
        shape = self._model.shape
        return {
            "key": key_of(shape.seed),
            "seed": str(shape.seed),
            "workspaces": shape.workspaces,
            "links": shape.links,
            "regulars": shape.regulars,
            "traffic_kinds": [TRAFFIC[each].kind for each in model.TRAFFIC_SLOTS],
            "traffic_groups": [int(TRAFFIC[each].group) for each in model.TRAFFIC_SLOTS],
            "referers": model.REFERER_SLOTS,
            "campaigns": model.CAMPAIGN_SLOTS,
            "enriched_by": self._row().enriched_by,
        }

    async def _make_tables(self) -> None:
        plan = self._model.plan
        starts = plan.starts
        hours = [(plan.first_hour + number, starts[number], starts[number + 1]) for number in range(plan.hours)]
        await self._fill("hours", ("hour", "first", "next"), hours)
        await self._fill("places", ("place_slot", "place", *_PLACE_COLUMNS), self._places())
        await self._fill("agents", ("agent_slot", "agent", *_AGENT_COLUMNS), self._agents())
        await self._fill("sources", ("source", "campaign", *_SOURCE_COLUMNS), self._sources())

    async def _fill(self, name: str, columns: tuple[str, ...], rows: Table) -> None:
        await self._clickhouse.command(_SQL[name])
        await self._clickhouse.insert(f"model_{name}", columns, list(zip(*rows, strict=True)), name)

    def _places(self) -> Table:
        facts = []
        for place in PLACES:
            row = self._row(
                country=place.country, region=place.region, city=place.city, continent=place.continent,
                latitude=place.latitude, longitude=place.longitude, timezone=place.timezone, asn=place.asn,
                network=place.network, language=place.language,
            )  # fmt: skip
            facts.append(_pick(row, _PLACE_COLUMNS))
        slots = [place for hour in model.PLACE_SLOTS_OF_HOUR for place in hour]
        return [(slot, place, *facts[place]) for slot, place in enumerate(slots)]

    def _agents(self) -> Table:
        facts = [_pick(self._row(user_agent=agent.header), _AGENT_COLUMNS) for agent in AGENTS]
        return [
            (group * model.SLOTS + slot, agent, *facts[agent])
            for group, slots in model.AGENT_SLOTS.items()
            for slot, agent in enumerate(slots)
        ]

    def _sources(self) -> Table:
        return [
            (
                number * _SOURCE_STEP + index,
                campaign,
                *_pick(self._row(referer=referer, url=f"https://shop.example/{campaign}"), _SOURCE_COLUMNS),
            )
            for number, referer in enumerate(REFERERS)
            for index, campaign in enumerate(CAMPAIGNS)
        ]

    def _row(self, **fields: Any) -> ClickRow:
        click = Click(id="x", at=0, link=1, workspace=1, version=1, domain="go.example", code="", url="")
        for name, value in fields.items():
            setattr(click, name, value)
        return self._enricher.row(Origin("", "", "", 0), click)


def _pick(row: ClickRow, columns: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in columns)
