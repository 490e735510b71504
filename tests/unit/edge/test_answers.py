"""Links that are more than a redirect: passwords, previews, warnings, frames."""

import re
from typing import Any
from urllib.parse import quote

import pytest

from origin.links.passwords import derive
from origin.links.sealing import seal
from redirector.gate import GUESSES_PER_MINUTE, PASS_SECONDS
from redirector.testing import FakeResponse
from shared.kv_record import KvRecord, encode
from tests.unit.edge.conftest import SECRET, World

URL = "https://example.com/secret-place"
VERIFIER = derive("open sesame", b"0123456789abcdef")
CRAWLER = {"User-Agent": "facebookexternalhit/1.1"}


def protect(world: World, code: str = "abc", verifier: str = VERIFIER, **protected: Any) -> str:
    sealed = seal(SECRET, 7, {"url": URL, **protected})
    value = encode(KvRecord(7, 3, 1, "", {"password": verifier, "sealed": sealed}))
    world.runtime.kv[f"localhost/{code}"] = value
    return value


async def guess(world: World, password: str, path: str = "/abc", **headers: str) -> FakeResponse:
    return await world.get(path, "POST", text=f"password={quote(password)}", headers=headers)


async def test_the_destination_is_neither_in_kv_nor_on_the_page(world: World) -> None:
    value = protect(world)
    page = await world.get("/abc")
    assert page.status == 200
    assert 'type="password"' in page.body
    for text in (value, page.body, str(page.headers), (await world.get("/abc+")).body):
        assert "secret-place" not in text
    await world.runtime.run_deferred()
    assert world.clicks == []


async def test_the_right_password_opens_the_link_for_a_while(world: World) -> None:
    protect(world, query="append")
    passed = await guess(world, "open sesame", "/abc?a=b")
    assert (passed.status, passed.headers["Location"]) == (303, "/abc?a=b")
    (cookie,) = passed.cookies
    assert "HttpOnly" in cookie
    assert f"Max-Age={PASS_SECONDS}" in cookie
    held = {"Cookie": cookie.partition(";")[0]}
    assert (await world.get("/abc?a=b", headers=held)).headers["Location"] == URL + "?a=b"
    world.runtime.clock += PASS_SECONDS + 1
    assert (await world.get("/abc", headers=held)).status == 200
    await world.runtime.run_deferred()
    assert len(world.clicks) == 1


@pytest.mark.parametrize("password", ["", "Open sesame", "open sesame ", "x" * 500])
async def test_a_wrong_password_opens_nothing(world: World, password: str) -> None:
    protect(world)
    reply = await guess(world, password)
    assert (reply.status, "Location" in reply.headers, reply.cookies) == (403, False, ())


@pytest.mark.parametrize(
    "cookie", ["1999999999.", "1999999999." + "0" * 64, "9" * 40 + ".x", "x", "٣.y", "1999999999.é"]
)
async def test_a_pass_cannot_be_made_up(world: World, cookie: str) -> None:
    protect(world)
    assert (await world.get("/abc", headers={"Cookie": f"nh_pass={cookie}"})).status == 200


async def test_the_pass_of_a_link_above_does_not_hide_ones_own(world: World) -> None:
    passes = []
    for code in ("docs/install", "docs"):
        protect(world, code)
        passes.append((await guess(world, "open sesame", f"/{code}")).cookies[0].partition(";")[0])
    held = {"Cookie": "; ".join(passes)}  # as browsers send them, that of the longer path first
    assert (await world.get("/docs/install", headers=held)).status == 302


async def test_cookies_of_others_in_any_form_do_not_hide_a_pass(world: World) -> None:
    protect(world)
    held = (await guess(world, "open sesame")).cookies[0].partition(";")[0]
    for other in ('a={"b":1}', "=", "a b", 'x="', "", "ü=ü"):
        assert (await world.get("/abc", headers={"Cookie": f"{other}; {held};"})).status == 302, other


async def test_a_pass_opens_one_link_until_its_password_changes(world: World) -> None:
    protect(world)
    protect(world, "other")
    held = {"Cookie": (await guess(world, "open sesame")).cookies[0].partition(";")[0]}
    assert (await world.get("/abc", headers=held)).status == 302
    assert (await world.get("/other", headers=held)).status == 200
    changed = World()
    protect(changed, verifier=derive("another", b"0123456789abcdef"))
    assert (await changed.get("/abc", headers=held)).status == 200


async def test_guessing_is_slowed_down_by_address(world: World) -> None:
    protect(world)
    for _ in range(GUESSES_PER_MINUTE):
        assert (await guess(world, "wrong", **{"CF-Connecting-IP": "192.0.2.1"})).status == 403
    stopped = await guess(world, "open sesame", **{"CF-Connecting-IP": "192.0.2.1"})
    assert (stopped.status, stopped.headers["Retry-After"]) == (429, "60")
    assert (await guess(world, "open sesame", **{"CF-Connecting-IP": "192.0.2.2"})).status == 303
    world.runtime.clock += 60
    assert (await guess(world, "open sesame", **{"CF-Connecting-IP": "192.0.2.1"})).status == 303


@pytest.mark.parametrize(
    "verifier", ["", "md5$1$eA==$eA==", "pbkdf2-sha256$x$eA==$eA==", "pbkdf2-sha256$1$eA==$", "garbage"]
)
async def test_a_verifier_that_cannot_be_read_lets_nobody_in(world: World, verifier: str) -> None:
    protect(world, verifier=verifier or "$$$")
    assert (await guess(world, "open sesame")).status == 403


async def test_what_was_sealed_for_another_link_or_changed_is_not_opened(world: World) -> None:
    sealed = seal(SECRET, 8, {"url": URL})
    world.runtime.kv["localhost/abc"] = encode(KvRecord(7, 3, 1, "", {"password": VERIFIER, "sealed": sealed}))
    for bad in ("", "AAAA", 7, "é"):
        world.runtime.kv[f"localhost/{bad}x"] = encode(KvRecord(7, 3, 1, "", {"sealed": bad}))
        assert (await world.get(f"/{bad}x")).status == 503
    assert (await world.get("/abc")).status == 503


async def test_crawlers_get_the_links_own_preview_and_people_the_redirect(world: World) -> None:
    og = {"title": 'A "title" <b>', "description": "About & more", "image": "https://example.com/i.png", "other": "x"}
    world.put("localhost/abc", "https://example.com/", og=og)
    page = await world.get("/abc", headers=CRAWLER)
    assert (page.status, "Location" in page.headers) == (200, False)
    assert '<meta property="og:title" content="A &quot;title&quot; &lt;b&gt;">' in page.body
    assert 'content="https://example.com/i.png"' in page.body
    assert (await world.get("/abc")).headers["Location"] == "https://example.com/"
    await world.runtime.run_deferred()
    assert [click.get("kind") for click in world.clicks] == ["preview", None]


async def test_a_plus_shows_where_a_link_leads(world: World) -> None:
    world.put("localhost/abc", "https://example.com/?a=<b>&c")
    for path in ("/abc+", "/abc%2B"):
        page = await world.get(path)
        assert page.status == 200
        assert "https://example.com/?a=&lt;b&gt;&amp;c" in page.body
        assert 'src="/abc.qr"' in page.body
    assert (await world.get("/nothing+")).status == 404
    await world.runtime.run_deferred()
    assert world.clicks == []


async def test_an_unsafe_link_warns_first(world: World) -> None:
    world.put("localhost/abc", "https://example.com/?<x>", unsafe="Reported <twice>")
    world.put("localhost/script", "javascript:alert(1)", unsafe=True)
    page = await world.get("/abc")
    assert page.status == 200
    assert "Reported &lt;twice&gt;" in page.body
    assert 'href="https://example.com/?&lt;x&gt;"' in page.body
    hrefs = re.findall(r'href="([^"]*)"', (await world.get("/script")).body)
    assert hrefs == ["http://127.0.0.1:8000/report?url=localhost%3A8787%2Fscript"], "no way on, only one to report it"


async def test_a_cloaked_link_shows_its_destination_in_a_frame(world: World) -> None:
    world.put("localhost/abc", 'https://example.com/"x"', cloak=True)
    page = await world.get("/abc")
    assert 'src="https://example.com/&quot;x&quot;"' in page.body
    assert "frame-src http: https:" in page.headers["Content-Security-Policy"]
    world.put("localhost/script", "javascript:alert(1)", cloak=True)
    assert (await world.get("/script")).status == 302


async def test_no_page_loads_anything_from_elsewhere(world: World) -> None:
    protect(world)
    world.put("localhost/unsafe", URL, unsafe=True)
    for path in ("/abc", "/unsafe", "/unsafe+", "/nothing", "/healthz/x"):
        page = await world.get(path)
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "prefers-color-scheme:dark" in page.body
        assert 'name="viewport"' in page.body


async def test_only_links_with_a_password_take_a_form(world: World) -> None:
    world.put("localhost/abc", URL)
    world.put("localhost/rich", URL, query="append")
    assert [(await guess(world, "x", path)).status for path in ("/abc", "/rich", "/nothing")] == [405, 405, 405]


async def test_search_engines_are_kept_off_unless_the_link_wants_them(world: World) -> None:
    world.put("localhost/abc", URL)
    world.put("localhost/shown", URL, index=True)
    told = [(await world.get(path)).headers.get("X-Robots-Tag") for path in ("/abc", "/shown")]
    assert told == ["noindex", None]


async def test_a_link_can_be_reported_from_the_pages_about_it(world: World) -> None:
    report = "http://127.0.0.1:8000/report?url=localhost%3A8787%2Fabc"
    world.put("localhost/abc", URL)
    assert report in (await world.get("/abc+")).body
    world.put("localhost/unsafe", URL, unsafe="It spreads harmful programs.")
    for path in ("/unsafe", "/unsafe+"):
        page = (await world.get(path)).body
        assert "It spreads harmful programs." in page
        assert report.replace("abc", "unsafe") in page
    elsewhere, nowhere = World(report_url="https://go.example/abuse"), World(report_url="none")
    for other in (elsewhere, nowhere):
        other.put("localhost/abc", URL)
    assert "https://go.example/abuse?url=localhost%3A8787%2Fabc" in (await elsewhere.get("/abc+")).body
    assert "Report" not in (await nowhere.get("/abc+")).body


async def test_a_link_in_quarantine_says_that_it_was_taken_down(world: World) -> None:
    world.put("localhost/abc", URL, disabled=True, blocked=True)
    for path in ("/abc", "/abc+"):
        page = await world.get(path)
        assert (page.status, "taken down" in page.body, "secret-place" in page.body) == (410, True, False)
