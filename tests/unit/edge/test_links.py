"""Memory, KV and origin: who is asked, how often, and whose word counts."""

import asyncio
import json

from origin.links.sealing import seal
from redirector.settings import EdgeSettings
from tests.unit.edge.conftest import SECRET, World

DEFAULTS = EdgeSettings()
FRESH = DEFAULTS.fresh_seconds
STALE = DEFAULTS.stale_seconds


def origin_reads(world: World) -> int:
    return sum(call.method == "GET" for call in world.runtime.calls)


async def test_a_link_that_kv_does_not_have_yet_comes_from_origin(world: World) -> None:
    world.links["localhost/new"] = world.put("localhost/new", "https://example.com/new")
    world.runtime.kv.clear()
    assert [(await world.get("/new")).status for _ in range(3)] == [302, 302, 302]
    assert origin_reads(world) == 1


async def test_an_unknown_code_is_asked_for_once_and_again_after_a_while(world: World) -> None:
    assert [(await world.get("/nope")).status for _ in range(3)] == [404, 404, 404]
    assert origin_reads(world) == 1
    world.links["localhost/nope"] = "1.1.1.1.https://example.com/"
    world.runtime.clock += DEFAULTS.missing_seconds
    assert (await world.get("/nope")).status == 302


async def test_many_visitors_of_one_cold_link_cause_one_read(world: World) -> None:
    world.links["localhost/new"] = "1.1.1.1.https://example.com/"
    replies = await asyncio.gather(*(world.get("/new") for _ in range(50)))
    assert {reply.status for reply in replies} == {302}
    assert (len(world.runtime.kv_reads), origin_reads(world)) == (1, 1)


async def test_a_reader_that_was_cancelled_holds_nobody_up(world: World) -> None:
    world.put("localhost/abc", "https://example.com/")
    first = asyncio.ensure_future(world.get("/abc"))
    await asyncio.sleep(0)
    first.cancel()
    assert (await world.get("/abc")).status == 302


async def test_a_stale_link_is_served_while_one_request_reads_it_again(world: World) -> None:
    world.put("localhost/abc", "https://example.com/old", version=1)
    await world.get("/abc")
    await world.runtime.run_deferred()
    world.put("localhost/abc", "https://example.com/new", version=2)
    world.runtime.clock += FRESH
    stale = [(await world.get("/abc")).headers["Location"] for _ in range(3)]
    assert stale == ["https://example.com/old"] * 3
    await world.runtime.run_deferred()
    assert world.runtime.kv_reads.count("localhost/abc") == 2
    assert (await world.get("/abc")).headers["Location"] == "https://example.com/new"


async def test_a_link_older_than_the_bound_is_read_before_it_is_served(world: World) -> None:
    world.put("localhost/abc", "https://example.com/old", version=1)
    await world.get("/abc")
    world.put("localhost/abc", "https://example.com/new", version=2)
    world.runtime.clock += FRESH + STALE
    assert (await world.get("/abc")).headers["Location"] == "https://example.com/new"


async def test_a_late_copy_in_kv_does_not_bring_an_old_version_back(world: World) -> None:
    world.links["localhost/abc"] = "1.1.1.2.https://example.com/new"
    await world.get("/abc")
    world.runtime.kv["localhost/abc"] = "1.1.1.1.https://example.com/old"
    world.runtime.clock += FRESH + STALE
    assert (await world.get("/abc")).headers["Location"] == "https://example.com/new"


async def test_a_deleted_link_is_gone_after_the_bound(world: World) -> None:
    world.put("localhost/abc", "https://example.com/")
    await world.get("/abc")
    world.runtime.kv.clear()
    world.runtime.clock += FRESH + STALE
    assert (await world.get("/abc")).status == 404


async def test_a_known_link_outlives_everything_behind_the_edge(world: World) -> None:
    world.put("localhost/abc", "https://example.com/")
    await world.get("/abc")
    world.runtime.kv_works = False
    world.origin_stops()
    for _ in range(5):
        world.runtime.clock += FRESH + STALE
        assert (await world.get("/abc")).status == 302


async def test_an_unknown_link_without_origin_is_unavailable_not_missing(world: World) -> None:
    world.origin_stops()
    reply = await world.get("/new")
    assert (reply.status, reply.headers["Retry-After"]) == (503, "2")
    world.origin_returns()
    world.links["localhost/new"] = "1.1.1.1.https://example.com/"
    assert (await world.get("/new")).status == 503  # remembered, for a moment
    world.runtime.clock += DEFAULTS.unavailable_seconds
    assert (await world.get("/new")).status == 302


async def test_origin_helps_out_while_kv_fails(world: World) -> None:
    world.runtime.kv_works = False
    world.links["localhost/abc"] = "1.1.1.1.https://example.com/"
    assert (await world.get("/abc")).status == 302


async def test_an_answer_that_origin_did_not_sign_is_refused(world: World) -> None:
    world.links["localhost/abc"] = "1.1.1.1.https://evil.example/"
    world.answer_secret = "somebody else's"
    assert (await world.get("/abc")).status == 503
    assert (await world.get("/nope")).status == 503  # nor is a wrong "no" believed


async def test_unknown_codes_push_no_known_link_out() -> None:
    world = World(cache_entries=10)
    world.put("localhost/hot", "https://example.com/")
    await world.get("/hot")
    for number in range(100):
        await world.get(f"/unknown{number}")
    await world.get("/hot")
    assert world.runtime.kv_reads.count("localhost/hot") == 1


async def test_the_links_used_last_are_the_ones_that_stay() -> None:
    world = World(cache_entries=3)
    for code in "abcd":
        world.put(f"localhost/{code}", "https://example.com/")
    for code in "abcad":  # b is the oldest when d comes
        await world.get(f"/{code}")
    world.runtime.kv_reads.clear()
    for code in "acd":
        await world.get(f"/{code}")
    assert world.runtime.kv_reads == []
    await world.get("/b")
    assert world.runtime.kv_reads == ["localhost/b"]


async def test_the_memory_is_bounded_in_bytes_too() -> None:
    world = World(cache_bytes=20_000)
    for number in range(50):
        world.put(f"localhost/c{number}", "https://example.com/" + "x" * 1000)
        await world.get(f"/c{number}")
    stats = json.loads((await world.call("GET", "/_nearhop/stats")).body)
    assert 5 < stats["cache_entries"] < 20
    assert 10_000 < stats["cache_bytes"] <= 20_000


async def test_links_used_longer_ago_are_held_as_text_and_cost_no_read() -> None:
    world = World(hot_entries=2, cache_entries=10)
    for number in range(10):
        world.put(f"localhost/c{number}", f"https://example.com/{number}", status=308 if number % 2 else 302)
        await world.get(f"/c{number}")
    stats = json.loads((await world.call("GET", "/_nearhop/stats")).body)
    assert (stats["cache_entries"], stats["cache_hot_entries"]) == (10, 2)
    world.runtime.kv_reads.clear()
    for number in range(10):
        reply = await world.get(f"/c{number}")
        assert (reply.headers["Location"], reply.status) == (
            f"https://example.com/{number}",
            308 if number % 2 else 302,
        )
    assert world.runtime.kv_reads == []


async def test_a_link_held_as_text_is_no_fresher_by_that() -> None:
    world = World(hot_entries=1, cache_entries=10)
    world.put("localhost/abc", "https://example.com/old", version=1)
    world.put("localhost/other", "https://example.com/")
    await world.get("/abc")
    await world.get("/other")
    world.put("localhost/abc", "https://example.com/new", version=2)
    world.runtime.clock += FRESH + STALE
    assert (await world.get("/abc")).headers["Location"] == "https://example.com/new"


async def test_a_link_with_sealed_options_is_read_again_once_others_pushed_it_out() -> None:
    world = World(hot_entries=1, cache_entries=10)
    sealed = seal(SECRET, 7, {"url": "https://example.com/private"})
    world.put("localhost/secret", "", password="pbkdf2-sha256$1$AA==$AA==", sealed=sealed)
    world.put("localhost/other", "https://example.com/")
    for _ in range(2):
        assert "password" in (await world.get("/secret")).body
        await world.get("/other")
    assert world.runtime.kv_reads.count("localhost/secret") == 2


async def test_while_kv_hangs_nobody_waits_for_a_link_that_is_held(world: World) -> None:
    for code in ("a", "b"):
        world.put(f"localhost/{code}", f"https://example.com/{code}")
        await world.get(f"/{code}")
    world.runtime.clock += FRESH + STALE
    world.runtime.kv_works = False
    world.origin_stops()
    assert (await world.get("/a")).status == 302  # the one that finds out
    world.runtime.kv_reads.clear()
    assert (await world.get("/b")).status == 302
    assert world.runtime.kv_reads == []
