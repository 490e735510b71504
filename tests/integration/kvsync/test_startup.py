"""kvsync is started beside Postgres, origin and the edge, all of which may come a little later: that is no failure."""

import asyncio
import dataclasses
import signal
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from kvsync import database, feed_writer, startup
from kvsync.feed_writer import FeedWriter
from kvsync.health import Health
from kvsync.kv_api import KvApi
from kvsync.metrics import Metrics
from kvsync.settings import Settings
from kvsync.waits import Signals
from origin.storage import migrate
from tests.integration.kvsync.editing import Editor
from tests.integration.kvsync.test_process import kvsync


async def test_a_first_start_waits_for_the_migrations_without_a_warning(
    settings: Settings, empty_postgres_url: str
) -> None:
    own = dataclasses.replace(settings, database_url=empty_postgres_url)
    async with kvsync(own) as process:
        assert process.stdout
        lines = [await process.stdout.readline(), await process.stdout.readline()]
        assert b"waiting_for_postgres" in lines[1]
        await asyncio.to_thread(migrate.upgrade, empty_postgres_url)
        # The change feed, which is written to begin with, tells that it works.
        while not await _number_of_feeds(empty_postgres_url):
            await asyncio.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        rest, _ = await process.communicate()
    text = b"".join(lines).decode() + rest.decode()
    assert "warning" not in text
    assert text.count("waiting_for") == 1


async def test_migrations_that_are_not_all_there_yet_are_waited_for(
    settings: Settings, empty_postgres_url: str
) -> None:
    """The tables of the packs are the last ones that kvsync works on."""
    own = dataclasses.replace(settings, database_url=empty_postgres_url)
    await asyncio.to_thread(migrate.upgrade, empty_postgres_url)
    with capture_logs() as logs:
        await startup.wait_for_schema(own, Signals(), Health())
        async with await database.connect(empty_postgres_url) as connection:
            await connection.execute("drop table kv_packs_state")
        await startup.wait_for_schema(own, Signals(), Health(), longest=0.1)
    assert [each["event"] for each in logs] == ["waiting_for_postgres"]


async def _number_of_feeds(url: str) -> int:
    async with await database.connect(url) as connection:
        row = await (
            await connection.execute("select count(*) from kv_feed_state where written_at is not null")
        ).fetchone()
        assert row
        return int(row[0])


async def test_the_wait_is_said_once_and_ends_when_told_to_stop(
    settings: Settings, free_port: Callable[[], int]
) -> None:
    nowhere = dataclasses.replace(settings, database_url=f"postgresql://127.0.0.1:{free_port()}/none")
    signals, health = Signals(), Health()
    with capture_logs() as logs:
        waiting = asyncio.create_task(startup.wait_for_schema(nowhere, signals, health))
        while not health.report()[1]["parts"]["postgres"]["detail"].startswith("connection"):
            await asyncio.sleep(0.01)
        signals.request_stop()
        await asyncio.wait_for(waiting, 10)
    assert [each["event"] for each in logs] == ["waiting_for_postgres"]


async def test_what_is_still_missing_after_the_wait_is_left_to_those_who_warn(
    settings: Settings, empty_postgres_url: str
) -> None:
    own = dataclasses.replace(settings, database_url=empty_postgres_url)
    await asyncio.wait_for(startup.wait_for_schema(own, Signals(), Health(), longest=0.1), 10)


@pytest.mark.parametrize("patience", [60.0, 0.0])
async def test_a_kv_that_comes_later_is_waited_for_and_warned_of_only_then(
    settings: Settings, editor: Editor, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    del editor  # it has set the tables up
    monkeypatch.setattr(feed_writer, "START_SECONDS", patience)
    own = dataclasses.replace(settings, cloudflare_api_url=f"http://127.0.0.1:{free_port()}/client/v4")
    signals, metrics = Signals(), Metrics()
    with capture_logs() as logs:
        async with KvApi(own) as api:
            writing = asyncio.create_task(FeedWriter(own, api, signals, metrics).run())
            while metrics.failed.labels("feed")._value.get() < 3:
                await asyncio.sleep(0.01)
            signals.request_stop()
            await asyncio.wait_for(writing, 10)
    expected = ("waiting_for_kv", "info") if patience else ("feed_failed", "warning")
    assert [(each["event"], each["log_level"]) for each in logs] == [expected]
