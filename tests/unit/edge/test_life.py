"""When a link is open, for how many, and what those get who come too early or too late."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from redirector.ports import Reply
from redirector.testing import Call
from redirector.visitor import own_cookie
from shared import signing
from shared.request_id import HEADER
from tests.unit.edge.conftest import SECRET, World

URL = "https://example.com/"


async def test_a_link_opens_on_time_though_it_is_cached(world: World) -> None:
    world.put("localhost/abc", URL, starts_at=int((world.runtime.clock + 5) * 1000))
    early = await world.get("/abc")
    assert (early.status, "Location" in early.headers) == (404, False)
    world.runtime.clock += 5
    assert (await world.get("/abc")).status == 302


@pytest.mark.parametrize(
    ("options", "status", "location"),
    [
        ({"capped": True}, 410, None),
        ({"capped": True, "expired_url": "https://example.com/over"}, 302, "https://example.com/over"),
        ({"expires_at": 1}, 410, None),
        ({"expires_at": "soon"}, 302, URL),
        ({"disabled": "yes"}, 302, URL),
        ({"status": True}, 302, URL),
    ],
)
async def test_a_closed_link_says_so(world: World, options: dict[str, Any], status: int, location: str | None) -> None:
    world.put("localhost/abc", URL, **options)
    reply = await world.get("/abc")
    assert (reply.status, reply.headers.get("Location")) == (status, location)


async def test_a_domain_says_where_its_expired_links_lead(world: World) -> None:
    world.put("localhost/", "", expired_url="https://example.com/domain")
    world.put("localhost/abc", URL, expires_at=1)
    world.put("localhost/own", URL, expires_at=1, expired_url="https://example.com/own")
    sent = [(await world.get(path)).headers["Location"] for path in ("/abc", "/own")]
    assert sent == ["https://example.com/domain", "https://example.com/own"]
    await world.runtime.run_deferred()
    assert world.clicks == []


class Claims:
    """Origin's side of one-time links; loses its first answer where asked to."""

    def __init__(self, world: World, *, loses_first: bool = False) -> None:
        self.world = world
        self.loses_first = loses_first
        self.holder = ""
        self.calls = 0
        world.runtime.service = self

    def __call__(self, call: Call) -> Reply:
        parts = urlsplit(call.url)
        if parts.path != "/internal/claims":
            return self.world.origin(call)
        path = f"{parts.path}?{parts.query}"
        signing.verify(SECRET, call.headers[signing.HEADER], "POST", path, b"", self.world.runtime.clock)
        self.calls += 1
        claim = parse_qs(parts.query)["claim"][0]
        self.holder = self.holder or claim
        if self.loses_first and self.calls == 1:
            from redirector.ports import Unreachable  # noqa: PLC0415

            raise Unreachable("lost")
        signature = signing.sign(self.world.answer_secret, "RESPONSE", path, b"", self.world.runtime.clock)
        return Reply(200 if self.holder == claim else 410, signature, "")


async def test_a_one_time_link_opens_once_as_origin_decides(world: World) -> None:
    Claims(world)
    world.put("localhost/abc", URL, once=True)
    replies = [await world.get("/abc") for _ in range(3)]
    assert [reply.status for reply in replies] == [302, 410, 410]
    await world.runtime.run_deferred()
    assert len(world.clicks) == 1


async def test_a_claim_and_its_answer_have_the_requests_id(world: World) -> None:
    Claims(world)
    world.put("localhost/abc", URL, once=True)
    for id_ in ("visitor-1", "visitor-2"):
        reply = await world.get("/abc", headers={HEADER: id_})
        assert (reply.headers[HEADER], world.runtime.calls[-1].headers[HEADER]) == (id_, id_)


async def test_a_lost_answer_does_not_use_a_one_time_link_up(world: World) -> None:
    claims = Claims(world, loses_first=True)
    world.put("localhost/abc", URL, once=True)
    assert (await world.get("/abc")).status == 302
    assert claims.calls == 2


async def test_who_only_looks_does_not_use_a_one_time_link_up(world: World) -> None:
    claims = Claims(world)
    world.put("localhost/abc", URL, once=True)
    looks = [
        await world.get("/abc", "HEAD"),
        await world.get("/abc", headers={"User-Agent": "WhatsApp/2.2"}),
        await world.get("/abc", headers={"Sec-Purpose": "prefetch"}),
        await world.get("/abc+"),
    ]
    assert {reply.status for reply in looks} == {200}
    assert all(URL not in reply.body for reply in looks)
    assert claims.calls == 0


async def test_a_one_time_link_waits_for_an_origin_that_is_really_origin(world: World) -> None:
    Claims(world)
    world.put("localhost/abc", URL, once=True)
    world.answer_secret = "somebody else's"
    assert (await world.get("/abc")).status == 503
    world.origin_stops()
    assert (await world.get("/abc")).status == 503


VARIANTS = [
    {"url": f"https://example.com/{name}", "weight": weight} for name, weight in (("a", 70), ("b", 20), ("c", 10))
]


async def test_a_split_follows_its_weights_and_stays_with_a_visitor(world: World) -> None:
    world.put("localhost/abc", URL, variants=VARIANTS)
    seen: dict[str, int] = {}
    for number in range(2_000):
        headers = {"CF-Connecting-IP": f"192.0.{number // 250}.{number % 250}", "User-Agent": "x"}
        first, second = [(await world.get("/abc", headers=headers)).headers["Location"] for _ in range(2)]
        assert first == second
        seen[first[-1]] = seen.get(first[-1], 0) + 1
    # Five standard deviations of 2,000 draws are below 103.
    assert all(abs(seen[name] - share) < 103 for name, share in (("a", 1_400), ("b", 400), ("c", 200)))
    await world.runtime.run_deferred()
    assert {(click["variant"], click["url"][-1]) for click in world.clicks} == {(0, "a"), (1, "b"), (2, "c")}


async def test_two_links_split_their_visitors_independently(world: World) -> None:
    from shared.kv_record import KvRecord, encode  # noqa: PLC0415

    halves = [{"url": "https://example.com/a", "weight": 1}, {"url": "https://example.com/b", "weight": 1}]
    for link in (1, 2):
        world.runtime.kv[f"localhost/l{link}"] = encode(KvRecord(link, 3, 1, URL, {"variants": halves}))
    same = 0
    for number in range(400):
        headers = {"CF-Connecting-IP": f"192.0.2.{number}", "User-Agent": "x"}
        sent = [(await world.get(path, headers=headers)).headers["Location"] for path in ("/l1", "/l2")]
        same += sent[0] == sent[1]
    assert 140 < same < 260


async def test_a_split_has_a_time_and_may_have_a_winner(world: World) -> None:
    now = int(world.runtime.clock * 1000)
    world.put("localhost/over", URL, variants=VARIANTS, variants_until=now)
    world.put("localhost/later", URL, variants=VARIANTS, variants_from=now + 1000)
    world.put("localhost/won", URL, variants=VARIANTS, variants_until=now, winner=2)
    sent = [(await world.get(path)).headers["Location"] for path in ("/over", "/later", "/won")]
    assert sent == [URL, URL, "https://example.com/c"]


async def test_a_cookie_keeps_a_variant_where_the_link_asks_for_one(world: World) -> None:
    world.put("localhost/abc", URL, variants=VARIANTS, sticky="cookie")
    name = own_cookie("nh_variant", "abc")
    reply = await world.get("/abc", headers={"Cookie": f"{name}=2"})
    assert reply.headers["Location"] == "https://example.com/c"
    (cookie,) = reply.cookies
    assert cookie.startswith(f"{name}=2; Path=/abc; ")
    assert "HttpOnly" in cookie
    for wrong in ("9", "x", "22"):
        assert (await world.get("/abc", headers={"Cookie": f"{name}={wrong}"})).status == 302
    world.put("localhost/plain", URL, variants=VARIANTS)
    assert (await world.get("/plain")).cookies == ()


@pytest.mark.parametrize(
    "variants", [[], VARIANTS[:1], VARIANTS * 3, [{"url": URL}] * 2, "no", [{"url": URL, "weight": 0}] * 2]
)
async def test_a_split_that_cannot_be_read_is_none(world: World, variants: Any) -> None:
    world.put("localhost/abc", URL, variants=variants)
    assert (await world.get("/abc")).headers["Location"] == URL
