"""Accounts by mail: asking for a letter, and the pages that its link leads to."""

import httpx
import pytest
from starlette.applications import Starlette

from dashboard.origin_fake import EMAIL, PASSWORD, FakeOrigin
from tests.unit.dashboard.conftest import BASE, Reader

NEW, SECRET = "ada@example.com", "a long enough one"
REFUSED = "It is not valid, or no longer. Ask for a new letter."
TOKEN_PAGES = ["/verify-email", "/confirm-email", "/reset-password"]


async def test_an_account_is_opened_by_its_letter(origin: FakeOrigin, stranger: Reader) -> None:
    answer = await stranger.send("/register", {"email": NEW, "password": SECRET, "name": "Ada"})
    assert answer.headers["location"] == "/letter-sent"
    page = (await stranger.get("/letter-sent")).text
    assert "Check your mailbox" in page
    assert "A letter is on its way to this address" in page
    assert origin.accounts.passwords.get(NEW) is None
    (letter,) = origin.accounts.letters
    answer = await stranger.send("/verify-email", {"token": letter.token})
    assert answer.headers["location"] == "/links"
    page = (await stranger.get("/links")).text
    assert NEW in page
    assert "your account is open" in page


async def test_asking_tells_nobody_whether_there_is_an_account(origin: FakeOrigin, stranger: Reader) -> None:
    for path in ("/register", "/forgot-password"):
        pages = []
        for email in (EMAIL, NEW):
            answer = await stranger.send(path, {"email": email, "password": SECRET})
            assert answer.headers["location"] == "/letter-sent"
            pages.append((await stranger.get("/letter-sent")).text)
        assert pages[0] == pages[1]
    assert [each.purpose for each in origin.accounts.letters] == ["account_exists", "register", "reset"]


async def test_a_new_password_is_set_by_its_letter(origin: FakeOrigin, reader: Reader) -> None:
    await reader.send("/forgot-password", {"email": EMAIL})
    token = origin.accounts.letters[0].token
    answer = await reader.send("/reset-password", {"token": token, "password": SECRET})
    assert answer.headers["location"] == "/login"
    page = await reader.get("/login")
    assert page.status_code == 200, "the session should have ended"
    assert "Log in with the new one." in page.text
    assert (await reader.send("/login", {"email": EMAIL, "password": PASSWORD})).status_code == 401
    assert (await reader.send("/login", {"email": EMAIL, "password": SECRET})).status_code == 303


async def test_a_new_address_is_confirmed_and_shown(origin: FakeOrigin, stranger: Reader) -> None:
    token = origin.accounts.write("change_email", NEW, old_email=EMAIL)
    answer = await stranger.send("/confirm-email", {"token": token})
    assert answer.headers["location"] == "/login"
    assert f"log in as {NEW}" in (await stranger.get("/login")).text
    assert (await stranger.send("/login", {"email": NEW, "password": PASSWORD})).status_code == 303
    assert NEW in (await stranger.get("/links")).text


async def test_the_whole_link_may_be_pasted(origin: FakeOrigin, stranger: Reader) -> None:
    token = origin.accounts.write("register", NEW, password=SECRET)
    answer = await stranger.send("/verify-email", {"token": f" {BASE}/verify-email#{token} "})
    assert answer.headers["location"] == "/links"


@pytest.mark.parametrize("path", TOKEN_PAGES)
async def test_a_token_is_good_once_and_for_its_purpose(origin: FakeOrigin, stranger: Reader, path: str) -> None:
    purposes = {"/verify-email": "register", "/confirm-email": "change_email", "/reset-password": "reset"}
    for other in set(TOKEN_PAGES) - {path}:
        token = origin.accounts.write(purposes[other], NEW, password=SECRET, old_email=EMAIL)
        await refused_token(stranger, path, token)
    token = origin.accounts.write(purposes[path], NEW, password=SECRET, old_email=EMAIL)
    assert (await stranger.send(path, {"token": token, "password": SECRET})).status_code == 303
    await refused_token(stranger, path, token)


async def refused_token(stranger: Reader, path: str, token: str) -> None:
    answer = await stranger.send(path, {"token": token, "password": SECRET})
    assert answer.status_code == 422
    assert f'id="token-error" class="text-sm font-medium text-error">{REFUSED}' in answer.text


@pytest.mark.parametrize(
    ("path", "fields", "wrong", "said"),
    [
        ("/register", {"email": "ada", "password": SECRET}, "email", "is not an e-mail address."),
        ("/register", {"email": NEW, "password": "short"}, "password", "It has 8 to 256 characters."),
        ("/register", {"email": NEW, "password": SECRET, "name": "n" * 101}, "name", "length &lt;= 100"),
        ("/register", {"email": "", "password": SECRET}, "email", "Enter your e-mail address."),
        ("/forgot-password", {"email": "ada"}, "email", "is not an e-mail address."),
        ("/verify-email", {"token": ""}, "token", "Open the link in the letter"),
        ("/reset-password", {"token": "x", "password": "short"}, "password", "It has 8 to 256 characters."),
    ],
)
async def test_what_is_wrong_is_said_at_its_field(
    stranger: Reader, path: str, fields: dict[str, str], wrong: str, said: str
) -> None:
    answer = await stranger.send(path, fields)
    assert answer.status_code == 422
    assert said in answer.text.split(f'id="{wrong}-error"')[1].split("</p>")[0]
    assert SECRET not in answer.text


async def test_what_belongs_to_no_field_is_said_above_the_form(origin: FakeOrigin, stranger: Reader) -> None:
    token = origin.accounts.write("register", EMAIL, password=SECRET)
    answer = await stranger.send("/verify-email", {"token": token})
    assert answer.status_code == 409
    assert "There is an account with this address already. Log in instead." in answer.text
    token = origin.accounts.write("change_email", NEW, old_email="gone@example.com")
    answer = await stranger.send("/confirm-email", {"token": token})
    assert answer.status_code == 401
    assert "This account no longer exists." in answer.text
    origin.accounts.throttled = True
    answer = await stranger.send("/forgot-password", {"email": NEW})
    assert answer.status_code == 429
    assert "Too many tries: wait 4 s." in answer.text


async def test_the_login_leads_to_both_pages_that_ask_for_a_letter(stranger: Reader) -> None:
    page = (await stranger.get("/login")).text
    assert 'href="/register"' in page
    assert 'href="/forgot-password"' in page


async def test_origin_hears_whose_request_it_is(app: Starlette, origin: FakeOrigin) -> None:
    transport = httpx.ASGITransport(app, client=("203.0.113.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as http:
        visitor = Reader(http)
        await visitor.http.get("/links", headers={"X-Forwarded-For": "198.51.100.1"})
        await visitor.log_in()
        await visitor.get("/links")
    assert len(origin.visitors) >= 3
    assert set(origin.visitors) == {"203.0.113.7"}


async def test_a_visitor_without_an_address_is_forwarded_as_nobody(app: Starlette, origin: FakeOrigin) -> None:
    transport = httpx.ASGITransport(app, client=("not an address\u2028", 1))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as http:
        await Reader(http).log_in()
    assert set(origin.visitors) == {""}


async def test_the_local_mailbox_is_named_to_who_can_see_it(app: Starlette, origin: FakeOrigin) -> None:
    origin.has_mailbox = True
    shown = {}
    for address in ("127.0.0.1", "203.0.113.7"):
        transport = httpx.ASGITransport(app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as http:
            shown[address] = 'href="http://127.0.0.1:8000/local/mailbox"' in (await http.get("/letter-sent")).text
    assert shown == {"127.0.0.1": True, "203.0.113.7": False}


async def test_the_word_of_the_letter_needs_no_origin(origin: FakeOrigin, stranger: Reader) -> None:
    origin.down = True
    answer = await stranger.get("/letter-sent")
    assert answer.status_code == 200
    assert "/local/mailbox" not in answer.text
