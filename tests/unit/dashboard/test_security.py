"""The second factor and the sessions: the second step of a log-in, and the page of settings."""

import pytest

from dashboard.origin_fake import FakeOrigin
from dashboard.origin_fake_accounts import EMAIL, PASSWORD
from dashboard.origin_fake_security import CODE, SECRET, identity, passkey, session
from tests.unit.dashboard.conftest import Reader

STEP = "/login/second-step"
FACTOR = "/security/second-factor"
CREDENTIALS = {"email": EMAIL, "password": PASSWORD}


async def test_a_log_in_takes_a_code_where_a_second_factor_is_on(origin: FakeOrigin, stranger: Reader) -> None:
    origin.accounts.second_factor = True
    answer = await stranger.send("/login?next=%2Fapi-keys", CREDENTIALS)
    assert answer.headers["location"] == f"{STEP}?next=%2Fapi-keys"
    assert (await stranger.get("/links")).headers["location"].startswith("/login?"), "not in yet"
    answer = await stranger.send("/login?next=%2Fapi-keys", CREDENTIALS)
    step = answer.headers["location"]
    wrong = await stranger.send(step, {"code": "000000"})
    assert wrong.status_code == 401
    assert 'id="code-error" class="text-sm font-medium text-error">The code is wrong' in wrong.text
    right = await stranger.send(step, {"code": f" {CODE} "})
    assert right.headers["location"] == "/api-keys"
    assert EMAIL in (await stranger.get("/links")).text


async def test_the_second_step_leads_to_no_other_site(origin: FakeOrigin, stranger: Reader) -> None:
    origin.accounts.second_factor = True
    await stranger.send("/login", CREDENTIALS)
    answer = await stranger.send(f"{STEP}?next=https%3A%2F%2Fevil.test%2F", {"code": CODE})
    assert answer.headers["location"] == "/links"


async def test_without_a_first_step_there_is_no_second(stranger: Reader) -> None:
    assert (await stranger.get(STEP)).headers["location"] == "/login?next=%2Flinks"


async def test_a_second_step_that_comes_too_late_begins_again(origin: FakeOrigin, stranger: Reader) -> None:
    origin.accounts.second_factor = True
    await stranger.send("/login", CREDENTIALS)
    origin.accounts.step = ""
    answer = await stranger.send(STEP, {"code": CODE})
    assert answer.headers["location"] == "/login?next=%2Flinks"
    assert "That took too long" in (await stranger.get("/login")).text


async def test_an_app_is_set_up_by_its_first_code(origin: FakeOrigin, reader: Reader) -> None:
    assert (await reader.send(FACTOR, {"password": "wrong"})).status_code == 403
    shown = await reader.send(FACTOR, {"password": PASSWORD})
    assert SECRET in shown.text
    assert 'src="data:image/svg+xml' in shown.text
    assert shown.headers["cache-control"] == "no-store"
    wrong = await reader.send(FACTOR, {"code": "000000"}, f"{FACTOR}/confirm")
    assert wrong.status_code == 403
    assert 'id="code-error"' in wrong.text
    right = await reader.send(FACTOR, {"code": CODE}, f"{FACTOR}/confirm")
    assert len(origin.security.recovery_codes) == 10
    assert all(code in right.text for code in origin.security.recovery_codes)
    later = (await reader.get("/security")).text
    assert "10 recovery codes are left" in later
    assert not any(code in later for code in [SECRET, *origin.security.recovery_codes])


async def test_what_is_shown_once_is_in_no_cookie(origin: FakeOrigin, reader: Reader) -> None:
    answers = [
        await reader.send(FACTOR, {"password": PASSWORD}),
        await reader.send(FACTOR, {"code": CODE}, f"{FACTOR}/confirm"),
    ]
    for secret in (SECRET, *origin.security.recovery_codes):
        assert not any(secret in str(answer.headers) for answer in answers)


@pytest.mark.parametrize("path", [f"{FACTOR}/codes", f"{FACTOR}/off"])
async def test_changes_take_the_password_and_a_code(origin: FakeOrigin, reader: Reader, path: str) -> None:
    origin.accounts.second_factor = True
    for fields, status in (
        ({"password": PASSWORD, "code": ""}, 422),
        ({"password": "wrong", "code": CODE}, 403),
        ({"password": PASSWORD, "code": "000000"}, 403),
    ):
        answer = await reader.send(path, fields)
        assert answer.status_code == status
        assert "-error" in answer.text
        assert PASSWORD not in answer.text
    done = await reader.send(path, {"password": PASSWORD, "code": CODE})
    if path.endswith("off"):
        assert done.headers["location"] == "/security"
        assert not origin.accounts.second_factor
    else:
        assert all(code in done.text for code in origin.security.recovery_codes)


async def test_sessions_are_listed_and_ended(origin: FakeOrigin, reader: Reader) -> None:
    origin.security.sessions["ses_2"] = session("ses_2", "A <phone>")
    page = (await reader.get("/security")).text
    assert "A &lt;phone&gt;" in page
    assert page.count("This browser") == 1
    assert (await reader.send("/security", {}, "/security/sessions/ses_2/end")).headers["location"] == "/security"
    assert list(origin.security.sessions) == ["ses_1"]
    assert (await reader.send("/security", {}, "/security/sessions/ses_2/end")).status_code == 404


async def test_logging_out_everywhere_ends_this_session_too(origin: FakeOrigin, reader: Reader) -> None:
    assert (await reader.send("/security", {}, "/security/sessions/end")).headers["location"] == "/login"
    assert not origin.security.sessions
    assert "Logged out everywhere" in (await reader.get("/login")).text


@pytest.mark.parametrize(
    "path", ["/security", FACTOR, f"{FACTOR}/codes", f"{FACTOR}/off", "/security/password", "/security/delete-account"]
)
async def test_the_settings_are_for_who_is_logged_in(stranger: Reader, path: str) -> None:
    assert (await stranger.get(path)).headers["location"].startswith("/login?next=")


CREDENTIAL = '{"id": "pk_1"}'


async def test_a_passkey_is_added_listed_renamed_and_deleted(origin: FakeOrigin, reader: Reader) -> None:
    assert (await reader.send("/security/passkeys/new", {"password": "wrong"})).status_code == 403
    asked = await reader.send("/security/passkeys/new", {"password": PASSWORD})
    assert 'id="passkey-options">{"publicKey"' in asked.text
    assert 'data-passkey="create"' in asked.text
    added = await reader.send("/security/passkeys/new", {"credential": CREDENTIAL, "name": " "}, "/security/passkeys")
    assert added.headers["location"] == "/security"
    assert origin.security.passkeys["pk_1"]["name"] == "Passkey"
    page = "/security/passkeys/pk_1"
    assert (await reader.send(page, {"name": ""})).status_code == 422
    assert (await reader.send(page, {"name": "A <key>"})).headers["location"] == "/security"
    assert "A &lt;key&gt;" in (await reader.get("/security")).text
    assert (await reader.send(page, {"password": "wrong"}, f"{page}/delete")).status_code == 403
    assert (await reader.send(page, {"password": PASSWORD}, f"{page}/delete")).headers["location"] == "/security"
    assert not origin.security.passkeys
    assert (await reader.get(page)).status_code == 404


async def test_a_passkey_lets_in_and_leads_to_the_page_asked_for(origin: FakeOrigin, stranger: Reader) -> None:
    origin.security.passkeys["pk_1"] = passkey("pk_1", "Phone")
    asked = await stranger.send("/login?next=%2Fapi-keys", {}, "/login/passkey?next=%2Fapi-keys")
    assert 'action="/login/passkey/finish?next=%2Fapi-keys"' in asked.text
    finish = "/login/passkey/finish?next=%2Fapi-keys"
    refused = await stranger.send("/login", {"credential": '{"id": "pk_2"}'}, finish)
    assert refused.headers["location"] == "/login?next=%2Fapi-keys"
    assert "opens no account here" in (await stranger.get("/login")).text
    for nothing in ("", "[1]", "no JSON"):
        answer = await stranger.send("/login", {"credential": nothing}, finish)
        assert answer.headers["location"] == "/login?next=%2Fapi-keys"
    assert (await stranger.send("/login", {"credential": CREDENTIAL}, finish)).headers["location"] == "/api-keys"
    assert EMAIL in (await stranger.get("/links")).text


async def test_a_passkey_is_shown_as_the_second_step(origin: FakeOrigin, stranger: Reader) -> None:
    origin.security.passkeys["pk_1"] = passkey("pk_1", "Phone")
    origin.accounts.second_factor = True
    without = await stranger.send("/login", {}, f"{STEP}/passkey")
    assert without.headers["location"] == "/login?next=%2Flinks"
    await stranger.send("/login", CREDENTIALS)
    asked = await stranger.send(STEP, {}, f"{STEP}/passkey")
    assert f'action="{STEP}/passkey/finish' in asked.text
    answer = await stranger.send(STEP, {"credential": CREDENTIAL}, f"{STEP}/passkey/finish")
    assert answer.headers["location"] == "/links"


ACME = [{"id": "acme", "name": "Acme & Sons"}]
OIDC = "/login/oidc/acme"


async def begin(origin: FakeOrigin, stranger: Reader, next_page: str = "/api-keys") -> str:
    """Off to the provider; the state that it would come back with."""
    answer = await stranger.get(f"{OIDC}/start", params={"next": next_page})
    (state,) = origin.security.states
    assert answer.headers["location"] == f"https://provider.test/auth?state={state}"
    return state


async def test_the_log_in_offers_the_providers_and_comes_back_to_the_page_asked_for(
    origin: FakeOrigin, stranger: Reader
) -> None:
    assert "Acme" not in (await stranger.get("/login")).text
    origin.security.providers = ACME
    state = await begin(origin, stranger)
    answer = await stranger.get(OIDC, params={"state": state, "code": "good"})
    assert answer.headers["location"] == "/api-keys"
    assert EMAIL in (await stranger.get("/links")).text


async def test_the_buttons_are_of_the_providers_that_origin_names(origin: FakeOrigin, stranger: Reader) -> None:
    origin.security.providers = ACME
    page = (await stranger.get("/login?next=%2Fapi-keys")).text
    assert 'href="/login/oidc/acme/start?next=%2Fapi-keys"' in page
    assert "Log in with Acme &amp; Sons" in page
    calls = len(origin.calls)
    await stranger.get("/login")
    assert len(origin.calls) == calls, "asked for each visitor"


async def test_while_origin_is_away_the_log_in_shows_all_the_same(origin: FakeOrigin, stranger: Reader) -> None:
    origin.down = True
    assert (await stranger.get("/login")).status_code == 200


@pytest.mark.parametrize("change", ["other state", "other browser", "other provider", "twice"])
async def test_only_the_browser_that_was_sent_comes_back(origin: FakeOrigin, stranger: Reader, change: str) -> None:
    """Else somebody could be logged in to another's account without noticing."""
    origin.security.providers = [*ACME, {"id": "other", "name": "Other"}]
    state = await begin(origin, stranger)
    path = OIDC
    if change == "other browser":
        stranger.http.cookies.clear()
    if change == "other provider":
        path = "/login/oidc/other"
    if change == "twice":
        await stranger.get(OIDC, params={"state": state, "code": "bad"})
    given = "made-up" if change == "other state" else state
    calls = len(origin.calls)
    answer = await stranger.get(path, params={"state": given, "code": "good"})
    assert answer.headers["location"].startswith("/login?next=")
    assert len(origin.calls) == calls, "the code went to origin"
    assert "not begun in this browser" in (await stranger.get("/login")).text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"error": "access_denied"}, "did not let you in"),
        ({"code": ""}, "did not let you in"),
        ({"code": "x" * 5000}, "did not let you in"),
        ({"code": "bad"}, "an answer that is not right"),
    ],
)
async def test_what_goes_wrong_is_said_at_the_log_in(
    origin: FakeOrigin, stranger: Reader, query: dict[str, str], said: str
) -> None:
    origin.security.providers = ACME
    state = await begin(origin, stranger)
    answer = await stranger.get(OIDC, params={"state": state, **query})
    assert answer.headers["location"] == "/login?next=%2Fapi-keys"
    assert said in (await stranger.get("/login")).text


async def test_a_provider_that_is_down_is_not_taken_for_origin(origin: FakeOrigin, stranger: Reader) -> None:
    origin.security.providers = ACME
    state = await begin(origin, stranger)
    origin.security.provider_down = True
    for path, query in ((f"{OIDC}/start", {}), (OIDC, {"state": state, "code": "good"})):
        answer = await stranger.get(path, params=query)
        assert answer.headers["location"].startswith("/login?next=")
        assert "does not work at the moment" in (await stranger.get("/login")).text


async def test_a_way_back_leads_to_no_other_site(origin: FakeOrigin, stranger: Reader) -> None:
    origin.security.providers = ACME
    state = await begin(origin, stranger, "https://evil.test/")
    answer = await stranger.get(OIDC, params={"state": state, "code": "good"})
    assert answer.headers["location"] == "/links"


async def test_a_linked_provider_is_shown_and_unlinked_with_the_password(origin: FakeOrigin, reader: Reader) -> None:
    origin.security.identities["idn_1"] = identity("idn_1", "https://login.acme.example")
    assert "login.acme.example" in (await reader.get("/security")).text
    path = "/security/identities/idn_1"
    assert (await reader.send(path, {"password": "wrong"})).status_code == 403
    assert (await reader.send(path, {"password": PASSWORD})).headers["location"] == "/security"
    assert not origin.security.identities
    assert (await reader.get(path)).status_code == 404


async def test_the_password_is_changed_with_the_present_one(origin: FakeOrigin, reader: Reader) -> None:
    path, other = "/security/password", "another long password"
    wrong = await reader.send(path, {"current_password": "wrong", "password": other})
    assert wrong.status_code == 403
    assert 'id="current_password-error"' in wrong.text
    short = await reader.send(path, {"current_password": PASSWORD, "password": "short"})
    assert 'id="password-error"' in short.text
    done = await reader.send(path, {"current_password": PASSWORD, "password": other})
    assert done.headers["location"] == "/security"
    assert origin.accounts.passwords[EMAIL] == other


async def test_the_address_is_changed_by_a_letter_to_the_new_one(origin: FakeOrigin, reader: Reader) -> None:
    path, email = "/security/email", "new@example.com"
    assert (await reader.send(path, {"email": email, "password": "wrong"})).status_code == 403
    assert 'id="email-error"' in (await reader.send(path, {"email": "new", "password": PASSWORD})).text
    done = await reader.send(path, {"email": email, "password": PASSWORD})
    assert done.headers["location"] == "/letter-sent"
    assert [(each.purpose, each.email) for each in origin.accounts.letters] == [("change_email", email)]


async def test_a_deleted_account_is_logged_out(origin: FakeOrigin, reader: Reader) -> None:
    path = "/security/delete-account"
    assert (await reader.send(path, {"password": "wrong"})).status_code == 403
    assert (await reader.send(path, {"password": PASSWORD})).headers["location"] == "/login"
    assert EMAIL not in origin.accounts.passwords
    assert "Your account is deleted" in (await reader.get("/login")).text
