"""Logging in and out, and staying logged in."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette

from dashboard.app import SESSION_COOKIE, create_app
from dashboard.origin_fake import EMAIL, PASSWORD, FakeOrigin
from dashboard.settings import DashboardSettings
from tests.unit.dashboard.conftest import BASE, Reader


async def test_a_stranger_is_sent_to_the_login_and_back_to_the_page_asked_for(stranger: Reader) -> None:
    answer = await stranger.get("/links?search=a&page=2")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Flinks%3Fsearch%3Da%26page%3D2"
    answer = await stranger.send(answer.headers["location"], {"email": EMAIL, "password": PASSWORD})
    assert answer.headers["location"] == "/links?search=a&page=2"


@pytest.mark.parametrize(
    "target", ["https://evil.test/", "//evil.test/", "/\\evil.test", "javascript:alert(1)", "/\nx"]
)
async def test_the_login_leads_to_no_other_site(stranger: Reader, target: str) -> None:
    page = str(httpx.URL("/login", params={"next": target}))
    answer = await stranger.send(page, {"email": EMAIL, "password": PASSWORD})
    assert answer.headers["location"] == "/links"


async def test_a_wrong_password_is_said_and_the_address_kept(stranger: Reader) -> None:
    answer = await stranger.send("/login", {"email": EMAIL, "password": "no"})
    assert answer.status_code == 401
    assert "E-mail or password is wrong." in answer.text
    assert f'value="{EMAIL}"' in answer.text
    assert 'value="no"' not in answer.text


async def test_an_empty_field_is_named(stranger: Reader) -> None:
    answer = await stranger.send("/login", {"email": "", "password": ""})
    assert answer.status_code == 422
    assert 'id="email-error"' in answer.text
    assert 'id="password-error"' in answer.text


async def test_the_cookie_is_for_no_script_and_no_other_site(stranger: Reader) -> None:
    cookie = (await stranger.log_in()).headers["set-cookie"].lower()
    assert cookie.startswith(SESSION_COOKIE)
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


async def test_behind_https_the_cookie_is_sent_over_https_only(origin: FakeOrigin) -> None:
    settings = DashboardSettings(secret_key="k", dashboard_url="https://app.test")
    transport = httpx.ASGITransport(create_app(settings, httpx.ASGITransport(origin.app)))
    async with httpx.AsyncClient(transport=transport, base_url="https://app.test") as http:
        assert "secure" in (await http.get("/login")).headers["set-cookie"].lower()


async def test_a_forged_cookie_is_nobody(stranger: Reader) -> None:
    stranger.http.cookies.set(SESSION_COOKIE, "eyJhY2Nlc3MiOiAieCJ9.aaaa.bbbb")
    assert (await stranger.get("/links")).headers["location"].startswith("/login")


async def test_an_ending_token_is_renewed_without_a_word(origin: FakeOrigin, stranger: Reader) -> None:
    origin.token_seconds = 30  # ends within the margin: each page has to renew
    await stranger.log_in()
    for expected in (1, 2):
        assert (await stranger.get("/links")).status_code == 200
        assert origin.refreshes == expected


async def test_requests_at_once_spend_the_refresh_token_once(origin: FakeOrigin, stranger: Reader) -> None:
    origin.token_seconds = 30
    await stranger.log_in()
    origin.token_seconds = 900
    cookie = {"Cookie": f"{SESSION_COOKIE}={stranger.http.cookies[SESSION_COOKIE]}"}
    stranger.http.cookies.clear()
    answers = await asyncio.gather(*(stranger.get("/links", headers=cookie) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [200] * 5
    assert origin.refreshes == 1


async def test_an_ended_session_asks_for_the_login_again(origin: FakeOrigin, reader: Reader) -> None:
    origin.access.clear()
    assert (await reader.get("/api-keys")).headers["location"] == "/login?next=%2Fapi-keys"
    assert (await reader.get("/login")).status_code == 200  # and not a loop between the two


async def test_an_update_of_an_ended_session_opens_the_login(origin: FakeOrigin, reader: Reader) -> None:
    origin.access.clear()
    answer = await reader.get("/links", headers={"HX-Request": "true"})
    assert answer.headers["hx-redirect"] == "/login"


async def test_logging_out_ends_the_session_here_and_at_origin(origin: FakeOrigin, reader: Reader) -> None:
    await reader.send("/links", {}, "/logout")
    assert origin.refresh == {}
    assert (await reader.get("/links")).headers["location"].startswith("/login")


async def test_logging_out_works_while_origin_is_away(origin: FakeOrigin, reader: Reader) -> None:
    token = (await reader.get("/links")).text.split('name="csrf_token" value="')[1].split('"')[0]
    origin.down = True
    assert (await reader.http.post("/logout", data={"csrf_token": token})).headers["location"] == "/login"


async def test_two_people_share_no_cookie_of_origin(app: Starlette, origin: FakeOrigin) -> None:
    """The dashboard has one client for all: what origin sets for one must not be sent for another."""
    origin.token_seconds = 30
    transport = httpx.ASGITransport(app)
    async with (
        httpx.AsyncClient(transport=transport, base_url=BASE) as first,
        httpx.AsyncClient(transport=transport, base_url=BASE) as second,
    ):
        one, two = Reader(first), Reader(second)
        await one.log_in()
        await two.log_in()
        assert (await one.get("/links")).status_code == 200
        assert (await two.get("/links")).status_code == 200
        await one.send("/links", {}, "/logout")
        assert (await two.get("/links")).status_code == 200
