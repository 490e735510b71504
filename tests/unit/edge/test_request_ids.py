"""One id names a request at the edge and at origin: taken from the visitor, or made, and shown where something fails."""

import pytest

from redirector.testing import FakeRequest, FakeResponse
from shared.request_id import HEADER
from tests.unit.edge.conftest import World


def asked(world: World) -> list[str]:
    """The ids under which origin was asked for links."""
    return [call.headers[HEADER] for call in world.runtime.calls if "/internal/clicks" not in call.url]


@pytest.mark.parametrize(
    ("headers", "id_"),
    [
        ({HEADER: "visitor-1"}, "visitor-1"),
        ({HEADER: "visitor-1", "CF-Ray": "9a7f-FRA"}, "visitor-1"),
        ({HEADER: "two\nlines", "CF-Ray": "9a7f-FRA"}, "9a7f-FRA"),
        ({HEADER: "x" * 65}, "edge-0123456789ab-1"),
        ({}, "edge-0123456789ab-1"),
    ],
)
async def test_origin_is_asked_for_a_link_under_the_requests_id_which_the_reply_has(
    world: World, headers: dict[str, str], id_: str
) -> None:
    world.links["localhost/abc"] = world.put("localhost/elsewhere", "https://example.com/")
    reply = await world.get("/abc", headers=headers)
    assert (reply.status, reply.headers["Location"], reply.headers[HEADER]) == (302, "https://example.com/", id_)
    assert asked(world) == [id_]


async def test_who_is_answered_from_memory_gets_no_id_of_another_and_costs_no_look_at_headers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.links["localhost/abc"] = world.put("localhost/elsewhere", "https://example.com/")
    await world.get("/abc", headers={HEADER: "visitor-1"})
    monkeypatch.setattr(world.runtime, "header", None)
    reply = world.edge.fetch(FakeRequest("http://localhost:8787/abc", headers={HEADER: "visitor-2"}), object())
    assert isinstance(reply, FakeResponse)
    assert (reply.status, HEADER in reply.headers) == (302, False)


@pytest.mark.parametrize(
    ("path", "status"), [("/missing", 404), ("/off", 410), ("/loop", 508), ("/unasked", 503), ("/a/b/c?d", 404)]
)
async def test_pages_of_what_went_wrong_show_the_id(world: World, path: str, status: int) -> None:
    world.put("localhost/off", "https://example.com/", disabled=True)
    world.put("go.example.com/loop", "http://go.example.com/loop")
    if path == "/unasked":
        world.origin_stops()
    host = "http://go.example.com" if path == "/loop" else "http://localhost:8787"
    reply = await world.get(path, host=host, headers={HEADER: "<visitor>", "CF-Ray": "9a7f-FRA"})
    assert (reply.status, reply.headers[HEADER]) == (status, "9a7f-FRA")
    assert "Reference: 9a7f-FRA</footer>" in reply.body


async def test_pages_that_went_well_show_none(world: World) -> None:
    world.put("localhost/abc", "https://example.com/")
    world.put("localhost/guarded", "", password="pbkdf2-sha256$1$AA$AA")
    for path in ("/abc+", "/guarded"):
        reply = await world.get(path, headers={HEADER: "visitor-1"})
        assert (reply.status, "Reference" in reply.body) == (200, False)
