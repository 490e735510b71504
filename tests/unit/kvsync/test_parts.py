import asyncio
import io

import httpx
import pytest

from kvsync.backoff import Backoff
from kvsync.drift import Difference, Kind, looks_like_ours
from kvsync.errors import PortTaken
from kvsync.health import PARTS, Health
from kvsync.http import bind, create_app
from kvsync.metrics import Metrics
from kvsync.progress import Progress
from kvsync.settings import Settings
from kvsync.waits import Signals
from shared.errors import BadSetting
from shared.settings import load


@pytest.mark.parametrize(
    "environ",
    [
        {"NEARHOP_KV_TIMEOUT_SECONDS": "20"},
        {"NEARHOP_KV_LEASE_SECONDS": "20"},
        {"NEARHOP_KV_BATCH_PAIRS": "10001"},
        {"NEARHOP_KV_BATCH_BYTES": "100000001"},
        {"NEARHOP_KV_BATCH_PAIRS": "0"},
    ],
)
def test_settings_that_would_break_a_promise_are_refused(environ: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match="NEARHOP_KV_"):
        load(Settings, environ)


def test_the_pause_doubles_up_to_a_bound_and_starts_again_after_a_success() -> None:
    backoff = Backoff(1.0)
    pauses = [backoff.next() for _ in range(200)]
    assert all(0.5 * 2**n <= pause <= 2**n for n, pause in enumerate(pauses[:5]))
    assert max(pauses) <= 60
    backoff.reset()
    assert backoff.next() <= 1


def test_the_pause_is_as_long_as_kv_asks_but_not_for_ever() -> None:
    assert Backoff(0.1).next(asked_for=9) == 9
    assert Backoff(0.1).next(asked_for=10**9) == 300


async def test_waits_end_when_told_to_stop() -> None:
    signals = Signals()
    waits = asyncio.gather(signals.pause(3600), signals.for_work(3600))
    await asyncio.sleep(0)
    signals.request_stop()
    await waits
    await signals.for_work(3600)
    assert signals.stopping


async def test_a_wake_up_is_not_lost_and_not_heard_twice() -> None:
    signals = Signals()
    signals.wake.set()
    await signals.for_work(3600)
    await signals.for_work(0.01)
    assert not signals.wake.is_set()


@pytest.mark.parametrize(
    ("key", "wanted", "found", "kind"),
    [
        ("a.test/x", 3, None, Kind.MISSING),
        ("a.test/x", 3, 2, Kind.STALE),
        ("a.test/x", 3, 0, Kind.STALE),
        ("a.test/x", 3, 4, Kind.AHEAD),
        ("a.test/x", None, 4, Kind.EXTRA),
        ("a.test/x", None, 0, Kind.FOREIGN),
        ("session:x", None, 4, Kind.FOREIGN),
    ],
)
def test_kinds_of_drift(key: str, wanted: int | None, found: int | None, kind: Kind) -> None:
    assert Difference(key, wanted, found).kind is kind


@pytest.mark.parametrize("key", ["a.test/x", "localhost/été", "xn--bcher-kva.test/😀", "a.test/c/x"])
def test_keys_of_links_are_ours(key: str) -> None:
    assert looks_like_ours(key)


@pytest.mark.parametrize(
    "key", ["x", "A.test/x", "a.test/", "a.test/x//y", "/x", "a.test/robots.txt", "a.test/e\u0301"]
)
def test_other_keys_are_not(key: str) -> None:
    assert not looks_like_ours(key)


def test_the_same_failure_again_is_no_news() -> None:
    health = Health()
    assert [health.fail("kv", why) for why in ("away", "away", "busy")] == [True, False, True]
    health.pass_("kv")
    assert health.fail("kv", "busy")


async def test_health_says_which_part_fails() -> None:
    metrics, health = Metrics(), Health()
    metrics.depth.set(3)
    transport = httpx.ASGITransport(create_app(metrics, health))
    async with httpx.AsyncClient(transport=transport, base_url="http://kvsync") as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert (await client.get("/readyz")).status_code == 503
        for part in PARTS:
            health.pass_(part)
        assert (await client.get("/readyz")).status_code == 200
        health.fail("kv", "no route")
        failing = await client.get("/readyz")
        assert failing.status_code == 503
        assert failing.json()["parts"]["kv"] == {"ok": False, "detail": "no route"}
        assert "nearhop_kvsync_outbox_depth 3.0" in (await client.get("/metrics")).text


def test_a_taken_port_is_named_with_its_setting() -> None:
    with bind(Settings(kvsync_port=0)) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortTaken, match=f"{port} is taken.*NEARHOP_KVSYNC_PORT"):
            bind(Settings(kvsync_port=port))


def test_progress_elsewhere_than_on_a_terminal_is_a_whole_line_now_and_then() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    progress.show("too soon")
    progress._next = 0
    progress.show("50%")
    progress.show("too soon again")
    progress.clear()
    assert stream.getvalue() == "50%\n"


def test_progress_on_a_terminal_renews_its_line() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    progress = Progress(stream)
    progress._next = 0
    progress.show("50%")
    progress.clear()
    assert "50%" in stream.getvalue()
    assert "\n" not in stream.getvalue()
    assert stream.getvalue().startswith("\r")
