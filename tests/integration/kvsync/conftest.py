"""kvsync on a real Postgres and the fake KV API behind a real socket."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from kvsync import database
from kvsync.feed_writer import FeedWriter
from kvsync.health import Health
from kvsync.kv_api import KvApi
from kvsync.kv_fake import FakeKv
from kvsync.kv_fake_server import serving
from kvsync.metrics import Metrics
from kvsync.settings import Settings
from kvsync.waits import Signals
from kvsync.worker import Worker
from tests.integration.kvsync.editing import Editor


@pytest.fixture
def fake() -> FakeKv:
    return FakeKv()


@pytest.fixture
async def settings(postgres_url: str, fake: FakeKv, tmp_path: Path) -> AsyncIterator[Settings]:
    async with serving(fake) as url:
        yield Settings(
            home=tmp_path,
            kvsync_port=0,
            database_url=postgres_url,
            cloudflare_api_url=url,
            cloudflare_api_token="fake",
            kv_timeout_seconds=1,
            kv_lease_seconds=3,
            kv_key_interval_seconds=0,
            kv_poll_seconds=0.2,
            kv_backoff_seconds=0.02,
            kv_settle_seconds=0,
        )


@pytest.fixture
async def editor(postgres_url: str) -> AsyncIterator[Editor]:
    async with await database.connect(postgres_url) as connection:
        editor = Editor(connection)
        await editor.set_up()
        yield editor


Running = Callable[..., contextlib.AbstractAsyncContextManager[Metrics]]


@pytest.fixture
def running(settings: Settings) -> Running:
    """Call it to run a worker inside the test; keywords change its settings."""

    @contextlib.asynccontextmanager
    async def run(**changed: float) -> AsyncIterator[Metrics]:
        own = dataclasses.replace(settings, **changed)  # type: ignore[arg-type]  # the numbers among the settings
        signals, metrics = Signals(), Metrics()
        async with KvApi(own) as api:
            worker = asyncio.create_task(Worker(own, api, signals, metrics, Health()).run())
            try:
                yield metrics
            finally:
                signals.request_stop()
                await worker

    return run


Feeding = Callable[..., contextlib.AbstractAsyncContextManager[Metrics]]
QUICK = {"kv_feed_interval_seconds": 0.05, "kv_feed_heartbeat_seconds": 3600.0}


@pytest.fixture
def feeding(settings: Settings) -> Feeding:
    """Call it to write feeds inside the test; keywords change its settings."""

    @contextlib.asynccontextmanager
    async def run(**changed: float) -> AsyncIterator[Metrics]:
        own = dataclasses.replace(settings, **{**QUICK, **changed})  # type: ignore[arg-type]  # the numbers among them
        signals, metrics = Signals(), Metrics()
        async with KvApi(own) as api:
            writer = asyncio.create_task(FeedWriter(own, api, signals, metrics).run())
            try:
                yield metrics
            finally:
                signals.request_stop()
                await writer

    return run
