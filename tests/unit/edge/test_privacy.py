"""What of a visitor leaves the edge, by the settings and by what the visitor's browser asks for."""

from typing import Any

import pytest

from redirector.clicks import truncated
from tests.unit.edge.conftest import World

HEADERS = {
    "CF-Connecting-IP": "203.0.113.77",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/127.0",
    "Referer": "https://news.example/",
    "Accept-Language": "de",
}
PLACE = {"country": "DE", "continent": "EU", "city": "Berlin", "latitude": "52.5", "asn": 64496}


async def clicks(headers: dict[str, str], **settings: Any) -> list[dict[str, Any]]:
    world = World(**settings)
    world.put("localhost/abc", "https://example.com/")
    for _ in range(2):  # from KV, from memory
        assert (await world.get("/abc", headers=headers, cf=PLACE)).status == 302
    await world.runtime.run_deferred()
    return world.clicks


@pytest.mark.parametrize(("setting", "sent"), [("full", "203.0.113.77"), ("truncated", "203.0.113.0"), ("none", None)])
async def test_an_address_leaves_the_edge_as_the_setting_allows(setting: str, sent: str | None) -> None:
    assert [click.get("ip") for click in await clicks(HEADERS, click_ip=setting)] == [sent, sent]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1234:5678::1", "2001:db8:1234::"),
        ("::ffff:203.0.113.7", "::"),
        ("not an address", ""),
        ("", ""),
    ],
)
def test_a_truncated_address_is_a_network(address: str, network: str) -> None:
    assert truncated(address) == network


@pytest.mark.parametrize("signal", [{"DNT": "1"}, {"Sec-GPC": "1"}])
@pytest.mark.parametrize("mode", ["ignore", "anonymous", "skip"])
async def test_a_visitor_who_objects_is_recorded_as_the_setting_says(signal: dict[str, str], mode: str) -> None:
    found = await clicks({**HEADERS, **signal}, privacy_signals=mode)
    if mode == "skip":
        assert found == []
        return
    told = ("ip", "user_agent", "referer", "language", "city", "latitude", "asn")
    assert [any(name in click for name in told) for click in found] == [mode == "ignore"] * 2
    assert [(click["country"], click["continent"]) for click in found] == [("DE", "EU")] * 2


async def test_a_signal_that_is_off_is_no_objection() -> None:
    found = await clicks({**HEADERS, "DNT": "0", "Sec-GPC": "0"})
    assert [click["ip"] for click in found] == ["203.0.113.77"] * 2


async def test_skipped_visits_leave_the_others_in_their_batch() -> None:
    world = World(privacy_signals="skip")
    world.put("localhost/abc", "https://example.com/")
    for number in range(6):
        await world.get("/abc", headers={"DNT": "1"} if number % 2 else {})
    await world.runtime.run_deferred()
    assert len(world.clicks) == 3
    assert len({click["id"] for click in world.clicks}) == 3


async def test_no_link_sets_a_cookie_unasked(world: World) -> None:
    world.put("localhost/abc", "https://example.com/")
    world.put(
        "localhost/rich", "https://example.com/", query="append", track=True, geo={"DE": "https://example.com/de"}
    )
    for path in ("/abc", "/rich", "/nothing", "/abc+"):
        assert (await world.get(path)).cookies == ()
