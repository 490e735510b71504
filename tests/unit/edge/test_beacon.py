"""A click's way to origin: batches, retries, the queue, the bounds."""

import asyncio
import json
from typing import Any

import pytest

from redirector.buffer import READ_AT
from redirector.ports import Reply, Unreachable
from redirector.testing import Call, FakeRequest, FakeResponse
from shared.click_event import MAX_BYTES, MAX_CLICKS, encode_batch
from tests.unit.edge.conftest import World


async def visit(world: World, times: int = 1, **request: Any) -> None:
    world.put("localhost/abc", "https://example.com/ü")
    for _ in range(times):
        await world.get("/abc", **request)


async def stats(world: World) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((await world.call("GET", "/_nearhop/stats")).body)
    return found


async def test_clicks_arrive_in_one_batch_after_the_replies(world: World) -> None:
    await visit(world, 3)
    assert (world.batches, len(world.runtime.deferred)) == ([], 1)
    await world.runtime.run_deferred()
    assert len(world.batches) == 1
    assert len({click["id"] for click in world.clicks}) == 3


async def test_a_click_says_what_the_edge_saw(world: World) -> None:
    world.put("localhost/abc", "https://example.com/ü", version=5)
    headers = {
        "User-Agent": 'Brow"ser',
        "Referer": "https://news.example/",
        "Accept-Language": "de",
        "CF-Connecting-IP": "192.0.2.1",
    }
    cf = {"country": "DE", "regionCode": "BE", "asn": 64496, "asOrganization": "Network"}
    await world.get("/abc?qr=1&x=%20", headers=headers, cf=cf)
    await world.runtime.run_deferred()
    assert world.clicks == [
        {
            "id": "0123456789ab-1",
            "at": 1_800_000_000_000,
            "link": 7,
            "workspace": 3,
            "version": 5,
            "domain": "localhost",
            "code": "abc",
            "url": "https://example.com/ü",
            "user_agent": 'Brow"ser',
            "referer": "https://news.example/",
            "language": "de",
            "country": "DE",
            "region": "BE",
            "asn": 64496,
            "network": "Network",
            "ip": "192.0.2.1",
            "query": "qr=1&x=%20",
            "trigger": "qr",
        }
    ]


async def test_visits_count_also_where_their_requests_can_no_longer_be_read(world: World) -> None:
    await visit(world, headers={"User-Agent": "x"})
    await world.runtime.run_deferred()
    world.runtime.headers_readable = False
    await visit(world, 2, headers={"User-Agent": "x"})
    await world.runtime.run_deferred()
    world.runtime.headers_readable = True
    assert [click.get("user_agent") for click in world.clicks] == ["x", None, None]
    assert (await stats(world))["visits_unread"] == 2


async def test_a_cold_link_redirects_where_its_request_cannot_be_read(world: World) -> None:
    world.runtime.headers_readable = False
    await visit(world)
    await world.runtime.run_deferred()
    assert [click["code"] for click in world.clicks] == ["abc"]


async def test_visits_that_are_read_together_keep_their_own_facts(world: World) -> None:
    for number in range(5):
        told = {"User-Agent": f'agent "{number}"}},{{"cf-connecting-ip":', "CF-Connecting-IP": f"192.0.2.{number}"}
        await visit(world, headers=told, cf={"city": str(number)} if number % 2 else None)
    await world.runtime.run_deferred()
    seen = [(click["user_agent"], click["ip"], click.get("city")) for click in world.clicks]
    assert seen == [
        (f'agent "{number}"}},{{"cf-connecting-ip":', f"192.0.2.{number}", str(number) if number % 2 else None)
        for number in range(5)
    ]


async def test_requests_are_let_go_of_before_a_flush(world: World) -> None:
    await visit(world, 250)
    assert len(world.edge._beacon.unread) < READ_AT
    assert (await stats(world))["clicks_buffered"] == 250
    await world.runtime.run_deferred()
    assert len({click["id"] for click in world.clicks}) == 250


async def test_one_flush_waits_for_its_time_however_many_full_batches_leave_meanwhile() -> None:
    world = World(feed_seconds=0)  # nothing else is done after a reply
    await visit(world)
    for _ in range(3):
        await visit(world, MAX_CLICKS)
        await world.runtime.deferred.pop()
    assert len(world.runtime.deferred) == 1
    await visit(world)
    assert len(world.runtime.deferred) == 1
    await world.runtime.run_deferred()
    assert len({click["id"] for click in world.clicks}) == 3 * MAX_CLICKS + 2


async def test_a_batch_is_written_as_the_contract_says(world: World) -> None:
    await visit(world, 2, headers={"User-Agent": "x"}, cf={"city": "Köln"})
    await world.runtime.run_deferred()
    sent = next(call.body for call in world.runtime.calls if call.method == "POST")
    assert sent is not None
    batch = json.loads(sent)
    assert json.loads(encode_batch(batch["batch_id"], batch["edge"], batch["clicks"], batch["counters"])) == batch


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        ({"method": "HEAD"}, "head"),
        ({"headers": {"Sec-Purpose": "prefetch;prerender"}}, "prefetch"),
        ({"headers": {"X-Moz": "prefetch"}}, "prefetch"),
        ({"headers": {"User-Agent": "Slackbot-LinkExpanding 1.0"}}, "preview"),
        ({"headers": {"X-Purpose": "preview"}}, "preview"),
    ],
)
async def test_what_is_no_click_says_so(world: World, request_: dict[str, Any], kind: str) -> None:
    await visit(world, 2, **request_)
    await world.runtime.run_deferred()
    assert [click["kind"] for click in world.clicks] == [kind, kind]


async def test_long_values_are_cut(world: World) -> None:
    headers = {"User-Agent": "u" * 9000, "Referer": "r" * 9000}
    await visit(world, 2, headers=headers)
    await world.get("/abc?" + "q" * 9000)
    await world.runtime.run_deferred()
    click, last = world.clicks[1], world.clicks[-1]
    assert (len(click["user_agent"]), len(click["referer"]), len(last["query"])) == (512, 1024, 1024)


async def test_a_full_buffer_does_not_wait() -> None:
    world = World(feed_seconds=0)  # nothing else is done after a reply
    await visit(world, MAX_CLICKS + 1)
    assert len(world.runtime.deferred) == 2
    await world.runtime.run_deferred()
    assert [len(batch["clicks"]) for batch in world.batches] == [MAX_CLICKS, 1]


async def test_visits_that_come_while_a_batch_is_sent_wait_for_a_flush_of_their_own() -> None:
    world = World(feed_seconds=0)

    def busy(call: Call) -> Reply:
        if call.method == "POST" and not world.batches:
            reply = world.edge.fetch(FakeRequest("http://localhost:8787/abc"), object())
            assert isinstance(reply, FakeResponse)
        return world.origin(call)

    world.runtime.service = busy
    await visit(world, 3)
    await world.runtime.deferred.pop()
    assert [len(batch["clicks"]) for batch in world.batches] == [3]
    assert len(world.runtime.deferred) == 1
    await world.runtime.run_deferred()
    assert [len(batch["clicks"]) for batch in world.batches] == [3, 1]


async def test_a_batch_fits_into_a_message_of_the_queue(world: World) -> None:
    await visit(world, 300, headers={"Referer": "https://example.com/" + "ü" * 900})
    await world.runtime.run_deferred()
    sizes = [len(call.body.encode()) for call in world.runtime.calls if call.body]
    assert len(sizes) > 1
    assert max(sizes) <= MAX_BYTES
    assert len(world.clicks) == 300


async def test_a_retry_carries_the_same_batch(world: World) -> None:
    seen: list[Call] = []

    def flaky(call: Call) -> Reply:
        seen.append(call)
        if len(seen) == 1:
            raise Unreachable("reset")
        return world.origin(call)

    world.runtime.service = flaky
    await visit(world)
    seen.clear()
    await world.runtime.run_deferred()
    assert seen[0].body == seen[1].body
    assert (len(world.clicks), world.runtime.queue) == (1, [])


async def test_what_origin_does_not_take_goes_to_the_queue(world: World) -> None:
    await visit(world)
    world.origin_stops()
    await world.runtime.run_deferred()
    assert (await stats(world))["clicks_queued"] == 1
    assert len(json.loads(world.runtime.queue[0])["clicks"]) == 1
    world.origin_returns()
    resting = await world.call("POST", "/_nearhop/deliver", world.runtime.queue[0])
    world.runtime.clock += 10
    delivered = await world.call("POST", "/_nearhop/deliver", world.runtime.queue[0])
    assert (resting.status, delivered.status, len(world.clicks)) == (503, 202, 1)


async def test_flushes_at_the_same_time_share_what_is_held(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.origin_stops()
    world.runtime.queue_works = False
    for _ in range(4):
        await visit(world)
        await world.runtime.run_deferred()
    assert (await stats(world))["clicks_held"] == 4
    taken: list[bytes] = []

    async def send(message: bytes) -> None:
        await asyncio.sleep(0.01)
        taken.append(message)

    monkeypatch.setattr(world.runtime, "queue_send", send)
    await asyncio.gather(world.edge._beacon.flush(), world.edge._beacon.flush())
    assert len(set(taken)) == len(taken) == 4


async def test_delivery_says_when_origin_still_does_not_answer(world: World) -> None:
    world.origin_stops()
    assert (await world.call("POST", "/_nearhop/deliver", "{}")).status == 503


async def test_what_nobody_takes_is_kept_with_its_id(world: World) -> None:
    await visit(world, 2)
    world.origin_stops()
    world.runtime.queue_works = False
    await world.runtime.run_deferred()
    assert (await stats(world))["clicks_held"] == 2
    world.origin_returns()
    world.runtime.clock += 10
    await visit(world)
    await world.runtime.run_deferred()
    assert [batch["batch_id"] for batch in world.batches] == ["0123456789ab-1", "0123456789ab-2"]
    assert (await stats(world))["clicks_held"] == 0


async def test_the_buffer_is_bounded_and_says_what_it_lost() -> None:
    world = World(click_buffer_events=10)
    world.origin_stops()
    world.runtime.queue_works = False
    for _ in range(10):
        await visit(world, 5)
        world.runtime.clock += 100
        await world.runtime.run_deferred()
    found = await stats(world)
    assert found["clicks_held"] + found["clicks_buffered"] <= 15
    assert found["clicks_dropped"] == 50 - found["clicks_held"] - found["clicks_buffered"]


async def test_a_flush_that_died_with_its_request_is_armed_again(world: World) -> None:
    await visit(world)
    world.runtime.deferred.pop().close()
    world.runtime.clock += 5
    await visit(world)
    await world.runtime.run_deferred()
    assert len(world.clicks) == 2


async def test_an_ending_edge_hands_over_what_it_has_and_every_click_after(world: World) -> None:
    await visit(world, 3)
    assert (await world.call("POST", "/_nearhop/flush")).status == 200
    assert len(world.clicks) == 3
    await visit(world)
    assert len(world.clicks) == 4


async def test_an_ending_edge_queues_what_origin_does_not_take(world: World) -> None:
    await visit(world, 3)
    world.origin_stops()
    await world.call("POST", "/_nearhop/flush")
    assert len(json.loads(world.runtime.queue[0])["clicks"]) == 3


async def test_each_batch_brings_along_what_the_isolate_counted_before_it(world: World) -> None:
    await visit(world, 3)
    await world.runtime.run_deferred()
    await visit(world, 2)
    await world.runtime.run_deferred()
    first, second = (batch["counters"] for batch in world.batches)
    assert (first["clicks_kept"], first["clicks_sent"], first["kv_reads"]) == (3, 0, 1)
    assert (second["clicks_kept"], second["clicks_sent"], second["clicks_dropped"]) == (5, 3, 0)
