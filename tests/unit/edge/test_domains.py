"""What a domain answers beside its links, by its own record."""

import json
from typing import Any

import pytest

from tests.unit.edge.conftest import World

APPLE = {"applinks": {"details": [{"appIDs": ["ABCDE.com.example"], "components": [{"/": "/*"}]}]}}
ANDROID = [{"relation": ["delegate_permission/common.handle_all_urls"], "target": {"namespace": "android_app"}}]
GO = "https://go.example.com"


@pytest.fixture
def go(world: World) -> World:
    world.put(
        "go.example.com/",
        "https://example.com/home",
        not_found_url="https://example.com/oops",
        robots="User-agent: *\nDisallow:\n",
        favicon="https://example.com/icon.png",
        ignore_case=True,
        apple_app_site_association=APPLE,
        assetlinks=ANDROID,
    )
    return world


async def test_a_domain_leads_its_root_its_icon_and_unknown_codes_somewhere(go: World) -> None:
    sent = [(await go.get(path, host=GO)).headers["Location"] for path in ("/", "/favicon.ico", "/nothing", "/a/b")]
    home = "https://example.com"
    assert sent == [f"{home}/home", f"{home}/icon.png", f"{home}/oops", f"{home}/oops"]
    await go.runtime.run_deferred()
    assert go.clicks == []


async def test_a_domain_serves_its_files(go: World) -> None:
    assert (await go.get("/robots.txt", host=GO)).body == "User-agent: *\nDisallow:\n"
    for path, content in (
        ("/.well-known/apple-app-site-association", APPLE),
        ("/apple-app-site-association", APPLE),
        ("/.well-known/assetlinks.json", ANDROID),
    ):
        reply = await go.get(path, host=GO)
        assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json")
        assert json.loads(reply.body) == content


async def test_codes_may_be_written_in_any_case_where_the_domain_says_so(go: World) -> None:
    go.put("go.example.com/summer", "https://example.com/summer")
    go.put("localhost/Summer", "https://example.com/localhost")
    for path in ("/summer", "/SUMMER", "/Summer"):
        assert (await go.get(path, host=GO)).headers["Location"] == "https://example.com/summer"
    assert (await go.get("/summer")).status == 404
    assert (await go.get("/Summer")).status == 302


async def test_a_domain_without_a_record_answers_safely(world: World) -> None:
    for path in ("/", "/.well-known/assetlinks.json", "/nothing"):
        assert (await world.get(path, host="https://unknown.example")).status == 404
    assert "Disallow: /_nearhop/" in (await world.get("/robots.txt")).body
    icon = await world.get("/favicon.ico", host="https://unknown.example")
    assert (icon.status, icon.headers["Content-Type"]) == (200, "image/svg+xml")
    assert icon.body.startswith("<svg ")
    assert all(call.url.count("code=nothing") for call in world.runtime.calls)  # origin knows no domains' records


async def test_a_domains_record_is_read_once_for_many_visitors(go: World) -> None:
    for _ in range(5):
        await go.get("/", host=GO)
        await go.get("/robots.txt", host=GO)
    assert go.runtime.kv_reads == ["go.example.com/"]


async def test_a_root_is_never_taken_for_a_link(go: World) -> None:
    go.put("localhost/", "https://example.com/root")
    for _ in range(3):
        assert (await go.get("/")).headers["Location"] == "https://example.com/root"
    await go.runtime.run_deferred()
    assert go.clicks == []
    assert (await go.get("/", "POST")).status == 405


@pytest.mark.parametrize("value", ["text", 7, None, True])
async def test_a_damaged_domain_record_breaks_nothing(world: World, value: object) -> None:
    names = ("not_found_url", "robots", "favicon", "ignore_case", "assetlinks", "apple_app_site_association")
    options: dict[str, Any] = dict.fromkeys(names, value)
    world.put("localhost/", "https://example.com/", **options)
    for path in ("/", "/robots.txt", "/favicon.ico", "/.well-known/assetlinks.json", "/Nothing"):
        assert (await world.get(path)).status in (200, 302, 404)
