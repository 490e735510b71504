"""What holds for every page: headers, CSRF, errors, health, files."""

import html
import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from dashboard.assets import FOLDER
from dashboard.errors import OriginDown
from dashboard.origin_client import OriginClient
from dashboard.origin_fake import EMAIL, PASSWORD, FakeOrigin
from tests.unit.dashboard.conftest import Reader

TEMPLATES = Path("dashboard/templates")
HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


def form_paths(app: Starlette) -> list[str]:
    return [each.path for each in app.routes if isinstance(each, Route) and "POST" in (each.methods or ())]


async def test_no_form_gets_in_without_its_token(app: Starlette, origin: FakeOrigin, reader: Reader) -> None:
    paths = [re.sub(r"{\w+}", "any_1", path) for path in form_paths(app)]
    assert len(paths) >= 7
    calls = len(origin.calls)
    for path in paths:
        for token in ("", "forged"):
            answer = await reader.http.post(
                path, data={"csrf_token": token, "url": "https://example.com/x", "name": "n"}
            )
            assert answer.status_code == 403, path
            assert "This form is too old" in answer.text
    assert len(origin.calls) == calls


@pytest.mark.parametrize("path", ["/login", "/links", "/nothing", "/healthz", "/static/js/copy.js"])
async def test_every_answer_carries_the_security_headers(reader: Reader, path: str) -> None:
    headers = (await reader.get(path)).headers
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_no_template_has_what_the_policy_forbids() -> None:
    for file in TEMPLATES.glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:", text), file
        for script in re.findall(r"<script[^>]*>", text):
            assert "src=" in script or "application/json" in script, file


async def test_pages_are_kept_by_no_cache_and_files_by_their_hash(reader: Reader) -> None:
    assert (await reader.get("/links")).headers["cache-control"] == "no-store"
    assert (await reader.get("/static/js/copy.js")).headers["cache-control"] == "no-cache"
    page = (await reader.get("/links")).text
    hashed = re.search(r'/static/js/copy\.js\?v=[0-9a-f]{12}"', page)
    assert hashed
    answer = await reader.get(hashed[0].rstrip('"'))
    assert "immutable" in answer.headers["cache-control"]
    assert answer.content == (FOLDER / "js" / "copy.js").read_bytes()


async def test_an_unknown_address_is_a_page_of_its_own(reader: Reader) -> None:
    answer = await reader.get("/nothing/here")
    assert answer.status_code == 404
    assert "This hop leads nowhere" in answer.text


@pytest.mark.parametrize("path", ["/links", "/links/link_1", "/api-keys"])
async def test_while_origin_is_away_a_page_says_so_and_tries_again(
    origin: FakeOrigin, reader: Reader, path: str
) -> None:
    origin.down = True
    answer = await reader.get(path)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert '<meta http-equiv="refresh" content="5">' in answer.text
    assert "API does not answer" in answer.text


async def test_a_form_is_not_sent_again_by_itself_while_origin_is_away(origin: FakeOrigin, reader: Reader) -> None:
    token = (await reader.get("/links/new")).text.split('name="csrf_token" value="')[1].split('"')[0]
    origin.down = True
    answer = await reader.http.post("/links/new", data={"csrf_token": token, "url": "https://example.com/"})
    assert answer.status_code == 503
    assert "http-equiv" not in answer.text
    assert "may not have been saved" in answer.text


async def test_what_was_typed_while_origin_is_away_can_be_sent_again(origin: FakeOrigin, reader: Reader) -> None:
    token = (await reader.get("/links/new")).text.split('name="csrf_token" value="')[1].split('"')[0]
    origin.down = True
    typed = {"url": 'https://example.com/?a="b"&c', "key": "kept"}
    text = (await reader.http.post("/links/new", data={"csrf_token": token, **typed})).text
    origin.down = False
    found = {html.unescape(name): html.unescape(value) for name, value in HIDDEN.findall(text)}
    assert {name: found[name] for name in typed} == typed
    assert (await reader.http.post("/links/new", data=found)).status_code == 303
    assert [link["url"] for link in origin.links.values()] == [typed["url"]]


async def test_no_page_holds_a_password_that_was_sent_while_origin_was_away(origin: FakeOrigin, reader: Reader) -> None:
    token = (await reader.get("/links/new")).text.split('name="csrf_token" value="')[1].split('"')[0]
    origin.down = True
    fields = {"csrf_token": token, "url": "https://example.com/", "password": "a-secret"}
    text = (await reader.http.post("/links/new", data=fields)).text
    assert "a-secret" not in text
    assert "Send it again" not in text


async def test_a_body_of_megabytes_is_refused(reader: Reader) -> None:
    answer = await reader.http.post("/links/new", data={"url": "x" * 1_000_000})
    assert answer.status_code == 413


async def test_a_long_address_reaches_origin(origin: FakeOrigin, reader: Reader) -> None:
    url = "https://example.com/" + "ü" * 20_000
    assert (await reader.send("/links/new", {"url": url})).status_code == 303
    assert next(iter(origin.links.values()))["url"] == url


async def test_health_says_which_part_is_missing(origin: FakeOrigin, stranger: Reader) -> None:
    assert (await stranger.get("/healthz")).json()["status"] == "ok"
    assert (await stranger.get("/readyz")).status_code == 200
    origin.down = True
    answer = await stranger.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["origin"]["ok"] is False
    assert (await stranger.get("/healthz")).status_code == 200


async def test_requests_are_counted_by_route_not_by_id(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/")
    await reader.get(f"/links/{link['id']}")
    text = (await reader.get("/metrics")).text
    assert 'dashboard_requests_total{method="GET",route="/links/{link_id}",status="200"} 1.0' in text
    assert link["id"] not in text


async def test_the_chosen_theme_is_in_the_page_itself(reader: Reader) -> None:
    assert "data-theme" not in (await reader.get("/links")).text.split("<head>")[0]
    reader.http.cookies.set("theme", "dark")
    assert 'data-theme="nearhop-dark"' in (await reader.get("/links")).text
    reader.http.cookies.set("theme", '"><script>')
    assert "data-theme" not in (await reader.get("/links")).text.split("<head>")[0]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="not json"),
        httpx.Response(200, json={"links": []}),
        httpx.Response(404, text="<html>some proxy</html>"),
        httpx.Response(500, json={}),
    ],
)
async def test_an_answer_that_is_not_origins_counts_as_no_answer(app: Starlette, answer: httpx.Response) -> None:
    client = OriginClient("http://origin.test", httpx.MockTransport(lambda request: answer))
    with pytest.raises(OriginDown):
        await client.links("token", {})
    await client.close()


async def test_origin_that_hangs_or_is_not_there_counts_as_no_answer() -> None:
    for problem in (httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError):

        def fail(request: httpx.Request, problem: type[httpx.TransportError] = problem) -> httpx.Response:
            raise problem("no", request=request)

        client = OriginClient("http://origin.test", httpx.MockTransport(fail))
        with pytest.raises(OriginDown):
            await client.log_in(EMAIL, PASSWORD)
        assert await client.alive() is False
        await client.close()
