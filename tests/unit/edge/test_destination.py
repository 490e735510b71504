"""URLs in and out: what is stored is what is sent, plus exactly what the link asks to be added."""

import asyncio
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urljoin, urlsplit

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from redirector.destination import Additions, build, safe_rest
from redirector.loops import leads_to_itself
from shared.errors import BadCode
from shared.slug import normalize_code
from tests.unit.edge.conftest import World

URLS = st.text(st.characters(min_codepoint=0x21, exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), max_size=60).map(
    lambda text: "https://example.com/" + text
)
QUERIES = st.text("ab=&%2+;?/", max_size=20)
NASTY = st.text(st.sampled_from(list("ab/?#&=%:\r\n\0\t Set-Cookie\u2028é")), max_size=40)


@given(URLS)
def test_a_url_without_additions_is_sent_to_the_byte(url: str) -> None:
    assert build(url, Additions(), "", "x=1&y=2", "") == url


@given(URLS, QUERIES, st.sampled_from(["append", "override"]))
def test_a_forwarded_query_changes_nothing_but_the_query(url: str, asked: str, mode: str) -> None:
    sent = build(url, Additions(mode), "", asked, "")
    (base, _, fragment), (sent_base, _, sent_fragment) = url.partition("#"), sent.partition("#")
    assert sent_fragment == fragment
    assert sent_base.partition("?")[0] == base.partition("?")[0]
    kept = sent_base.partition("?")[2].split("&")
    theirs = [part for part in asked.split("&") if part]
    winners = base.partition("?")[2].split("&") if mode == "append" else theirs
    assert all(part in kept for part in winners if part)
    names = [unquote_plus(part.partition("=")[0]) for part in winners if part]
    assert all(part in winners for part in kept if part and unquote_plus(part.partition("=")[0]) in names)


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8), max_size=3))
def test_parameters_arrive_as_they_were_given(params: dict[str, str]) -> None:
    assume(not any("\ud800" <= c <= "\udfff" for pair in params.items() for text in pair for c in text))
    sent = build("https://example.com/#end", Additions(params=params), "", "", "")
    assert dict(parse_qsl(urlsplit(sent).query, keep_blank_values=True)) == params
    assert sent.endswith("#end")


@given(NASTY)
@settings(max_examples=300, deadline=None)
def test_no_stored_text_becomes_a_header_of_its_own(text: str) -> None:
    async def ask() -> None:
        world = World()
        world.put("localhost/plain", text)
        world.put("localhost/rich", text, query="append", rules=[{"when": {"country": ["DE"]}, "url": text}])
        for path in ("/plain", "/rich?a=b"):
            reply = await world.get(path, cf={"country": "DE"})
            location = reply.headers.get("Location", "")
            assert not any(character in location for character in "\r\n\0")
            assert (reply.status == 302) == ("Location" in reply.headers)

    asyncio.run(ask())


@given(st.text(st.sampled_from(list("ab./\\%2e5cE")), max_size=20))
def test_the_rest_of_a_path_stays_below_the_destination(rest: str) -> None:
    if safe_rest(rest):
        resolved = urljoin("https://example.com/docs/", unquote(rest).replace("\\", "/").lstrip("/"))
        assert resolved.startswith("https://example.com/docs/")


@pytest.mark.parametrize("rest", ["..", "a/../b", "%2e%2e/x", ".%2E/x", "a\\..\\b", "a%5c..%5cb", "./x"])
def test_a_path_that_climbs_is_refused(rest: str) -> None:
    assert not safe_rest(rest)


@pytest.mark.parametrize(
    ("url", "rest", "sent"),
    [
        ("https://example.com", "a/b", "https://example.com/a/b"),
        ("https://example.com/x/?q=1#f", "a%20b/", "https://example.com/x/a%20b/?q=1#f"),
        ("https://example.com/x", "", "https://example.com/x"),
    ],
)
async def test_a_prefix_link_carries_the_rest_of_the_path(world: World, url: str, rest: str, sent: str) -> None:
    world.put("localhost/docs", url, prefix=True)
    reply = await world.get(f"/docs/{rest}" if rest else "/docs")
    assert reply.headers["Location"] == sent
    await world.runtime.run_deferred()
    assert world.clicks[0].get("path", "") == rest


async def test_only_prefix_links_have_something_below_them(world: World) -> None:
    world.put("localhost/abc", "https://example.com/")
    assert (await world.get("/abc/x")).status == 404
    assert (await world.get("/abc/")).status == 302


@pytest.mark.parametrize(
    ("mode", "asked", "sent"),
    [
        ("append", "a=2&c=3", "a=1&b=%20&c=3"),
        ("override", "a=2&c=3", "b=%20&a=2&c=3"),
        ("append", "", "a=1&b=%20"),
        ("off", "a=2", "a=1&b=%20"),
    ],
)
async def test_the_query_is_carried_on_as_the_link_says(world: World, mode: str, asked: str, sent: str) -> None:
    world.put("localhost/abc", "https://example.com/?a=1&b=%20#f", query=mode)
    assert (await world.get(f"/abc?{asked}")).headers["Location"] == f"https://example.com/?{sent}#f"


async def test_parameters_are_added_to_every_destination_that_lacks_them(world: World) -> None:
    rules = [{"when": {"country": ["DE"]}, "url": "https://example.com/de?utm_source=own"}]
    world.put("localhost/abc", "https://example.com/", params={"utm_source": "mail & more"}, rules=rules)
    world.put("localhost/plain", "https://example.com/", params={"utm_source": "mail"})
    sent = [(await world.get("/abc", cf={"country": each})).headers["Location"] for each in ("FR", "DE")]
    assert sent == ["https://example.com/?utm_source=mail%20%26%20more", "https://example.com/de?utm_source=own"]
    assert (await world.get("/plain")).headers["Location"] == "https://example.com/?utm_source=mail"


async def test_a_tracked_click_has_one_id_in_the_url_and_in_the_statistics(world: World) -> None:
    world.put("localhost/abc", "https://example.com/?nh_id=old#f", track=True)
    sent = [(await world.get("/abc")).headers["Location"] for _ in range(2)]
    await world.runtime.run_deferred()
    ids = [click["id"] for click in world.clicks]
    assert sent == [f"https://example.com/?nh_id={each}#f" for each in ids]
    assert len(set(ids)) == 2
    assert {click["url"] for click in world.clicks} == {"https://example.com/?nh_id=old#f"}


@pytest.mark.parametrize("url", ["https://go.example.com/abc", "http://GO.example.com:80/%61bc/?x=1#y"])
@pytest.mark.parametrize("options", [{}, {"query": "append"}])
async def test_no_link_leads_to_itself(world: World, url: str, options: dict[str, Any]) -> None:
    world.put("go.example.com/abc", url, **options)
    reply = await world.get("/abc", host="https://go.example.com")
    assert (reply.status, "Location" in reply.headers) == (508, False)


@given(st.text(st.characters(min_codepoint=0x61, max_codepoint=0x24F, categories=["L", "N"]), min_size=1, max_size=20))
def test_a_loop_is_seen_in_every_spelling_of_a_code(code: str) -> None:
    try:
        key = f"go.example.com/{normalize_code(code)}"
    except BadCode:
        assume(condition=False)
        raise
    assert leads_to_itself(key, f"https://Go.Example.com/{quote(code)}?a#b")
    assert not leads_to_itself(key, f"https://example.com/{quote(code)}")
