"""kvsync as a process: started by its command, stopped by signals, killed in the middle."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from kvsync.kv_fake import FakeKv
from kvsync.settings import Settings
from tests.integration.kvsync.editing import DOMAIN, Editor, assert_same, drained, edit_by_itself

ROOT = Path(__file__).parents[3]


def environment(settings: Settings, **more: str) -> dict[str, str]:
    own = {
        "NEARHOP_HOME": str(settings.home),
        "NEARHOP_DATABASE_URL": settings.database_url,
        "NEARHOP_CLOUDFLARE_API_URL": settings.cloudflare_api_url,
        "NEARHOP_CLOUDFLARE_API_TOKEN": settings.cloudflare_api_token,
        "NEARHOP_KVSYNC_PORT": "0",
        "NEARHOP_KV_TIMEOUT_SECONDS": "1",
        "NEARHOP_KV_LEASE_SECONDS": "3",
        "NEARHOP_KV_KEY_INTERVAL_SECONDS": "0",
        "NEARHOP_KV_BACKOFF_SECONDS": "0.02",
        "NEARHOP_KV_SETTLE_SECONDS": "0",
    }
    return {**os.environ, **own, **more}


@contextlib.asynccontextmanager
async def kvsync(settings: Settings, *arguments: str, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "kvsync",
        *arguments,
        cwd=ROOT,
        env=environment(settings, **more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def output(settings: Settings, *arguments: str, **more: str) -> tuple[int | None, str]:
    async with kvsync(settings, *arguments, **more) as process:
        text, _ = await process.communicate()
        return process.returncode, text.decode()


async def test_killed_in_the_middle_of_500_edits_nothing_is_lost(
    settings: Settings, editor: Editor, fake: FakeKv
) -> None:
    fake.delay = 0.01
    edits = [(f"k{n % 60}", None if n % 7 == 0 else f"https://example.com/{n}") for n in range(500)]
    editing = asyncio.create_task(edit_by_itself(settings.database_url, editor, edits))
    for writes in (20, 60):
        async with kvsync(settings, NEARHOP_KV_BATCH_PAIRS="5") as process:
            while len(fake.writes) < writes:
                await asyncio.sleep(0.005)
            process.kill()
            await process.wait()
    async with kvsync(settings), kvsync(settings):
        await editing
        await drained(editor)
    assert_same(fake, await editor.wanted())


async def test_a_call_that_a_killed_kvsync_left_behind_does_not_undo_a_newer_edit(
    settings: Settings, editor: Editor, fake: FakeKv
) -> None:
    fake.delay = 0.5
    await editor.put("a", "https://example.com/old")
    async with kvsync(settings) as process:
        while not await editor.one("select count(*) from kv_keys where claimed_until is not null"):
            await asyncio.sleep(0.005)
        process.kill()
        await process.wait()
    await editor.put("a", "https://example.com/new")
    async with kvsync(settings):
        await drained(editor)
    assert_same(fake, await editor.wanted())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_with_its_claims_finished_or_released(
    settings: Settings, editor: Editor, fake: FakeKv, number: signal.Signals
) -> None:
    fake.delay = 0.3
    await editor.put("a", "https://example.com/")
    async with kvsync(settings) as process:
        while not await editor.one("select count(*) from kv_keys where claimed_until is not null"):
            await asyncio.sleep(0.005)
        process.send_signal(number)
        assert await asyncio.wait_for(process.wait(), 8) == 0
    assert await editor.one("select count(*) from kv_keys where claimed_until is not null") == 0
    assert_same(fake, await editor.wanted())
    assert await editor.waiting() == 0


async def test_it_stops_in_time_while_kv_is_away(
    settings: Settings, editor: Editor, free_port: Callable[[], int]
) -> None:
    await editor.put("a", "https://example.com/")
    nowhere = f"http://127.0.0.1:{free_port()}/client/v4"
    async with kvsync(settings, NEARHOP_CLOUDFLARE_API_URL=nowhere, NEARHOP_KV_BACKOFF_SECONDS="60") as process:
        while not await editor.one("select sum(attempts) from outbox"):
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 8) == 0
    assert await editor.one("select last_error from outbox") is not None
    assert await editor.one("select count(*) from kv_keys where claimed_until is not null") == 0


async def test_health_and_metrics_tell_what_is_going_on(
    settings: Settings, editor: Editor, fake: FakeKv, free_port: Callable[[], int]
) -> None:
    fake.refuses = lambda key: key.endswith("/bad")
    await editor.put("bad", "https://example.com/")
    await editor.put("a", "https://example.com/")
    port = str(free_port())
    async with (
        kvsync(settings, NEARHOP_KVSYNC_PORT=port),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as web,
    ):
        await drained(editor)
        while not await _ready(web):
            await asyncio.sleep(0.05)
        assert (await web.get("/healthz")).status_code == 200
        while "nearhop_kvsync_poisoned_rows 1.0" not in (text := (await web.get("/metrics")).text):
            await asyncio.sleep(0.1)
        assert 'nearhop_kvsync_published_total{kind="put"} 1.0' in text
        assert "nearhop_kvsync_outbox_depth 0.0" in text
        assert "nearhop_kvsync_lag_seconds 0.0" in text


async def test_it_waits_for_a_database_without_tables(
    settings: Settings, empty_postgres_url: str, free_port: Callable[[], int]
) -> None:
    port = str(free_port())
    given = {"NEARHOP_DATABASE_URL": empty_postgres_url, "NEARHOP_KVSYNC_PORT": port}
    async with kvsync(settings, **given) as process, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as web:
        while "does not exist" not in await _text(web, "/readyz"):
            await asyncio.sleep(0.05)
        assert process.returncode is None


async def test_refused_changes_are_listed_and_tried_again(settings: Settings, editor: Editor, fake: FakeKv) -> None:
    fake.refuses = lambda key: key.endswith("/bad")
    await editor.put("bad", "https://example.com/")
    async with kvsync(settings):
        await drained(editor)
        code, text = await output(settings, "poisoned")
        assert (code, f"{DOMAIN}/bad\tversion 1\ttried 1 times" in text) == (0, True)
        assert "400 10014 could not process the request" in text
        assert (await output(settings, "retry", "999"))[0] == 1
        fake.refuses = lambda _: False
        assert await output(settings, "retry", text.split("\t")[0]) == (0, "1 changes will be tried again\n")
        await drained(editor)
    assert_same(fake, await editor.wanted())
    assert await output(settings, "poisoned") == (0, "no change is set aside\n")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"NEARHOP_DATABASE_URL": "postgresql://127.0.0.1:1/none"}, "NEARHOP_DATABASE_URL"),
        ({"NEARHOP_KV_LEASE_SECONDS": "soon"}, "NEARHOP_KV_LEASE_SECONDS is 'soon'"),
    ],
)
async def test_a_wrong_setting_is_one_sentence(settings: Settings, more: dict[str, str], said: str) -> None:
    code, text = await output(settings, "poisoned", **more)
    assert code == 2
    assert said in text
    assert "Traceback" not in text


async def _ready(web: httpx.AsyncClient) -> bool:
    return "failing" not in (await _text(web, "/readyz") or "failing")


async def _text(web: httpx.AsyncClient, path: str) -> str:
    try:
        return (await web.get(path)).text
    except httpx.TransportError:
        return ""  # not listening yet
