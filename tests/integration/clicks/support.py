"""A click pipeline with its routes, on a real Postgres and a real embedded ClickHouse."""

import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin.accounts.access_tokens import AccessTokens
from origin.accounts.authenticator import Authenticator
from origin.analytics import views as analytics
from origin.analytics.asking import utc_now
from origin.analytics.conversion_reader import ConversionReader
from origin.analytics.live import LiveHub
from origin.analytics.reader import AnalyticsReader
from origin.analytics.totals import ClickTotals, StoredConversions
from origin.app import assemble
from origin.audit import views as audit
from origin.clicks import refused_views
from origin.clicks import views as clicks
from origin.clicks.pipeline import ClickPipeline
from origin.clicks.settings import ClickSettings
from origin.conversions import views as conversions
from origin.conversions.drain import ConversionDrain
from origin.conversions.facts import StoredClicks
from origin.conversions.service import Conversions
from origin.customers import views as customers
from origin.health import routes as health_routes
from origin.links.reader import Reader
from origin.settings import OriginSettings
from origin.storage.clickhouse import ClickHouse
from shared.click_event import ClickEvent, encode_batch
from shared.signing import HEADER, sign
from tests.origin_app import API_URL, EDGE_SECRET, EDGE_URL, SECRET_KEY, make_client

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/17.4 Mobile/15E148 Safari/604.1"
)
PATH = "/internal/clicks"
_numbers = itertools.count()


@dataclass
class Stack:
    """The parts that the tests look at."""

    pipeline: ClickPipeline
    clickhouse: ClickHouse
    reader: AnalyticsReader
    app: Starlette
    conversions: ConversionDrain

    def client(self, token: str = "") -> httpx.AsyncClient:
        return make_client(self.app, token)

    async def post(self, body: bytes, **changes: Any) -> httpx.Response:
        """Send a batch as the edge would."""
        async with self.client() as http:
            return await http.post(PATH, content=body, headers={HEADER: signature(body, **changes)})

    async def send(self, events: list[ClickEvent], batch_id: str = "") -> None:
        """Send a batch and have it accepted whole."""
        response = await self.post(encode_batch(batch_id or f"batch-{next(_numbers)}", "edge", events))
        assert response.status_code == 202, response.text
        assert response.json() == {"accepted": len(events), "refused": []}

    async def drained(self) -> None:
        """Wait until everything that was accepted is in ClickHouse."""
        with anyio.fail_after(60):
            while not await self.pipeline.is_drained():
                await anyio.sleep(0.02)

    async def scalar(self, sql: str) -> Any:
        """The one value that a query gives."""
        (row,) = await self.clickhouse.query(sql)
        (value,) = row.values()
        return value


@asynccontextmanager
async def running(home: Path, engine: AsyncEngine, url: str = "", **click_settings: Any) -> AsyncIterator[Stack]:
    """A started pipeline, stopped at the end."""
    settings = OriginSettings(home=home, secret_key=SECRET_KEY, edge_secret=EDGE_SECRET)
    clickhouse = ClickHouse(home / "clickhouse", url)
    pipeline = ClickPipeline(
        settings, ClickSettings(**{"click_linger_ms": 10, "popular_links": 0, **click_settings}), engine, clickhouse
    )
    reader = AnalyticsReader(clickhouse)
    came = ConversionReader(clickhouse)
    links = Reader(ClickTotals(reader), "localhost", EDGE_URL, API_URL, StoredConversions(came))
    access = Authenticator(engine, AccessTokens(SECRET_KEY))
    internal = [*clicks.routes(pipeline, EDGE_SECRET), *health_routes([pipeline.ready])]
    stored = StoredClicks(clickhouse)
    drain = ConversionDrain(engine, clickhouse, stored, pipeline.retention)
    api = [
        *refused_views.routes(pipeline),
        *analytics.routes(reader, came, links, LiveHub(reader, came, utc_now)),
        *conversions.routes(Conversions(stored), drain, links),
        *customers.routes(links),
        *audit.routes(),
    ]
    app = assemble(api, internal, engine, access)
    await pipeline.start()
    drain.start()
    try:
        yield Stack(pipeline, clickhouse, reader, app, drain)
    finally:
        await drain.stop()
        await pipeline.stop()


def signature(body: bytes, *, secret: str = EDGE_SECRET, path: str = PATH, age: float = 0.0) -> str:
    return sign(secret, "POST", path, body, time.time() - age)


def event(**changes: Any) -> ClickEvent:
    """A click of now, with an id that no other has."""
    values = {
        "id": f"click-{next(_numbers)}", "at": int(time.time() * 1000), "link": 1, "workspace": 1, "version": 1,
        "domain": "localhost", "code": "abc", "url": "https://example.com/", "user_agent": CHROME, "ip": "198.51.100.7",
    }  # fmt: skip
    return {**values, **changes}  # type: ignore[typeddict-item]  # the changes are fields of it
