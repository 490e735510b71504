"""The edge's own paths, settings, and both shapes of its entry."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from redirector.settings import EdgeSettings, read_settings
from shared.errors import BadSetting
from tests.unit.edge.conftest import SECRET, World

DEFAULTS = EdgeSettings()


async def test_health_and_readiness(world: World) -> None:
    assert (await world.get("/healthz")).status == 200
    assert (await world.get("/readyz")).status == 200
    world.runtime.kv_works = False
    reply = await world.get("/readyz")
    assert reply.status == 503
    assert "KV is down" in reply.body


@pytest.mark.parametrize("path", ["/_nearhop/stats", "/_nearhop/flush", "/_nearhop/deliver"])
async def test_internal_paths_want_a_signature(world: World, path: str) -> None:
    for method in ("GET", "POST"):
        assert (await world.get(path, method)).status == 401
        assert (await world.call(method, path, secret="wrong")).status == 401


async def test_a_captured_call_is_worth_nothing_later(world: World) -> None:
    from shared import signing  # noqa: PLC0415  # only here

    header = signing.sign(SECRET, "GET", "/_nearhop/stats", b"", world.runtime.clock - 301)
    assert (await world.get("/_nearhop/stats", headers={signing.HEADER: header})).status == 401


async def test_metrics_are_for_those_who_may_see_them(world: World) -> None:
    assert (await world.get("/metrics")).status == 404
    assert "nearhop_edge_clicks_sent_total 0" in (await world.call("GET", "/metrics")).body
    assert (await World(open_metrics="yes").get("/metrics")).status == 200


def test_settings_are_read_by_name_and_checked() -> None:
    found = read_settings({"EDGE_SECRET": "s", "FRESH_SECONDS": "3", "CACHE_ENTRIES": "7"}.get)
    assert (found.fresh_seconds, found.cache_entries) == (3.0, 7)
    assert found.stale_seconds == DEFAULTS.stale_seconds
    with pytest.raises(BadSetting, match="FRESH_SECONDS"):
        read_settings({"EDGE_SECRET": "s", "FRESH_SECONDS": "soon"}.get)
    with pytest.raises(BadSetting, match="EDGE_SECRET"):
        read_settings(lambda _: None)


def test_wrangler_toml_says_the_same_defaults() -> None:
    import tomllib  # noqa: PLC0415  # only here
    from pathlib import Path  # noqa: PLC0415

    root = Path(__file__).parents[3]
    given = tomllib.loads((root / "wrangler.toml").read_text(encoding="utf-8"))["vars"]
    read = read_settings({**given, "EDGE_SECRET": "s"}.get)
    for name in set(given) - {"ORIGIN_URL", "DEFAULT_DOMAIN"}:
        assert getattr(read, name.lower()) == getattr(DEFAULTS, name.lower()), name


@pytest.fixture
def current_runtime(monkeypatch: pytest.MonkeyPatch, world: World) -> World:
    """Modules by the names that the current runtime has, as far as importing the entries needs them."""
    ffi = ModuleType("pyodide.ffi")
    ffi.__dict__.update(JsException=RuntimeError, to_js=lambda value, **_: value, jsnull=object())
    workers = ModuleType("workers")
    workers.__dict__.update(WorkerEntrypoint=type("WorkerEntrypoint", (), {}))
    for name, module in {
        "js": ModuleType("js"),
        "pyodide": ModuleType("pyodide"),
        "pyodide.ffi": ffi,
        "workers": workers,
    }.items():
        monkeypatch.setitem(sys.modules, name, module)
    for name in ("entry", "entry_class", "redirector.isolate", "redirector.runtime"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return world


class Message:
    """One of a queue. Its body is JavaScript's array of bytes, or the text that was sent before there were bytes."""

    def __init__(self, body: str, attempts: int = 1, *, as_text: bool = False) -> None:
        self.body: Any = body if as_text else SimpleNamespace(to_bytes=body.encode)
        self.attempts = attempts
        self.fate = ""

    def ack(self) -> None:
        self.fate = "ack"

    def retry(self, *, delaySeconds: int) -> None:  # noqa: N803  # JavaScript's name
        self.fate = f"again in {delaySeconds}"


async def test_both_entries_redirect_and_consume_with_the_same_code(current_runtime: World) -> None:
    import entry  # noqa: PLC0415  # needs the modules above
    import entry_class  # noqa: PLC0415

    world = current_runtime
    world.put("localhost/abc", "https://example.com/")
    env, request = SimpleNamespace(), SimpleNamespace(method="GET", url="http://localhost/abc", headers={}, cf=None)
    entry._isolate.edge = entry_class._isolate.edge = world.edge
    instance: Any = entry_class.Default()
    instance.env, instance.ctx = env, object()
    for reply in (entry.on_fetch(request, env, object()), instance.fetch(request, None, None)):
        reply = await reply if hasattr(reply, "__await__") else reply  # noqa: PLW2901
        assert reply.status == 302
    for consume in (entry.on_queue, instance.queue):
        good = [Message('{"clicks":[]}'), Message('{"clicks":[]}', as_text=True)]
        late = [Message("{}", 1), Message("{}", 3), Message("{}", 90)]
        await consume(SimpleNamespace(messages=good), env, None)
        world.origin_stops()
        calls = len(world.runtime.calls)
        await consume(SimpleNamespace(messages=late), env, None)
        assert len(world.runtime.calls) == calls + 1  # the others wait for what becomes of the first
        world.origin_returns()
        world.runtime.clock += 60
        assert [each.fate for each in good + late] == ["ack", "ack", "again in 30", "again in 120", "again in 900"]
    await world.runtime.run_deferred()


async def test_each_call_to_origin_has_an_id_of_its_own(world: World) -> None:
    world.links["localhost/abc"] = world.put("localhost/other", "https://example.com/")
    await world.get("/abc")
    await world.get("/missing")
    await world.call("POST", "/_nearhop/flush")
    ids = [call.headers["X-Request-Id"] for call in world.runtime.calls]
    assert len(ids) >= 3
    assert sorted(set(ids)) == sorted(ids)
    assert all(each.startswith("edge-") and len(each) <= 64 for each in ids)
