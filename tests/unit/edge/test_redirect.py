"""What a visitor gets, by what KV and origin know."""

from collections.abc import Coroutine

import pytest

from redirector.testing import FakeRequest
from tests.unit.edge.conftest import World


async def test_a_link_in_kv_redirects(world: World) -> None:
    world.put("localhost/abc", "https://example.com/a?b=c#d")
    reply = await world.get("/abc")
    assert (reply.status, reply.headers["Location"]) == (302, "https://example.com/a?b=c#d")


async def test_a_known_link_is_answered_without_a_coroutine(world: World) -> None:
    world.put("localhost/abc", "https://example.com/")
    await world.get("/abc")
    await world.runtime.run_deferred()
    reply = world.edge.fetch(FakeRequest("http://localhost:8787/abc?utm=x"), object())
    assert not isinstance(reply, Coroutine)
    assert world.runtime.kv_reads == ["localhost/abc"]
    await world.runtime.run_deferred()


async def test_a_hit_asks_nobody_and_waits_for_nothing_whatever_is_down(world: World) -> None:
    world.put("localhost/abc", "https://example.com/")
    await world.get("/abc")
    await world.runtime.run_deferred()
    world.origin_stops()
    world.runtime.kv_works = world.runtime.queue_works = False
    calls, reads = len(world.runtime.calls), len(world.runtime.kv_reads)
    for _ in range(1_000):
        reply = world.edge.fetch(FakeRequest("http://localhost:8787/abc"), object())
        assert not isinstance(reply, Coroutine)
        assert reply.status == 302
    assert (len(world.runtime.calls), len(world.runtime.kv_reads)) == (calls, reads)


@pytest.mark.parametrize(
    "host", ["http://127.0.0.1:8787", "http://[::1]:8787", "http://LOCALHOST", "https://localhost."]
)
async def test_this_machine_has_many_names(world: World, host: str) -> None:
    world.put("localhost/abc", "https://example.com/")
    assert (await world.get("/abc", host=host)).status == 302


async def test_an_address_stays_an_address_where_the_default_domain_is_another() -> None:
    world = World(default_domain="go.example.com")
    world.put("go.example.com/abc", "https://example.com/")
    assert (await world.get("/abc", host="http://127.0.0.1")).status == 404
    assert (await world.get("/abc", host="http://go.example.com")).status == 302


@pytest.mark.parametrize("path", ["/%C3%BCber", "/%c3%bcber", "/u%CC%88ber", "/%C3%BCber/", "/%C3%BCber?x=%"])
async def test_an_escaped_code_finds_its_link(world: World, path: str) -> None:
    world.put("localhost/über", "https://example.com/")
    assert (await world.get(path)).status == 302


@pytest.mark.parametrize(
    "path", ["/%ff", "/a/../b", "/a/%2e%2e/b", "/a%2F%2Fb", "/.well-known/x", '/a"b', "/%00", "//x"]
)
async def test_what_no_code_may_be_is_not_looked_up(world: World, path: str) -> None:
    assert (await world.get(path)).status == 404
    assert world.runtime.kv_reads == []


@pytest.mark.parametrize("host", ["http://" + "a" * 300, "http://..", "http://a..b.ü"])
async def test_a_host_that_cannot_be_is_answered_safely(world: World, host: str) -> None:
    assert (await world.get("/abc", host=host)).status == 404


async def test_head_is_answered_like_get_and_other_methods_are_refused(world: World) -> None:
    world.put("localhost/abc", "https://example.com/")
    head, post = await world.get("/abc", "HEAD"), await world.get("/abc", "POST")
    assert (head.status, head.headers["Location"]) == (302, "https://example.com/")
    assert (post.status, post.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(("asked", "sent"), [(301, 301), (302, 302), (307, 307), (308, 308), (200, 302), ("x", 302)])
async def test_a_link_has_a_status_of_its_own(world: World, asked: object, sent: int) -> None:
    world.put("localhost/abc", "https://example.com/", status=asked)
    assert (await world.get("/abc")).status == sent


async def test_a_disabled_link_leads_nowhere(world: World) -> None:
    world.put("localhost/abc", "https://example.com/", disabled=True)
    reply = await world.get("/abc")
    assert reply.status == 410
    assert "Location" not in reply.headers


async def test_a_link_expires_on_time_though_it_is_cached(world: World) -> None:
    expires_at = int((world.runtime.clock + 5) * 1000)
    world.put("localhost/page", "https://example.com/", expires_at=expires_at)
    world.put("localhost/other", "https://example.com/", expires_at=expires_at, expired_url="https://example.com/over")
    assert [(await world.get(path)).status for path in ("/page", "/other")] == [302, 302]
    world.runtime.clock += 5
    assert (await world.get("/page")).status == 410
    assert (await world.get("/other")).headers["Location"] == "https://example.com/over"
    await world.runtime.run_deferred()
    assert len(world.clicks) == 2  # the two before


async def test_a_destination_that_cannot_be_sent_is_no_redirect(world: World) -> None:
    world.put("localhost/abc", "https://example.com/\r\nSet-Cookie: a=b")
    assert (await world.get("/abc")).status == 503
    world.put("localhost/rich", "https://example.com/\r\n", expires_at=9e15)
    assert (await world.get("/rich")).status == 500


@pytest.mark.parametrize("value", ["", "9.1.1.1.https://example.com/", "garbage", "2.1.1.1.{}", "2.1.1.1.[1]"])
async def test_a_record_that_cannot_be_read_is_no_redirect(world: World, value: str) -> None:
    world.runtime.kv["localhost/abc"] = value
    assert (await world.get("/abc")).status == 503
