"""What people do with their account, and what others learn of it: nothing."""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin.accounts import mails
from origin.storage.tables import idempotency_keys, mail_tokens, throttles, users
from tests.factories import new_account
from tests.letters import PASSWORD, Postbox, bearer, letter, new_email, register, run_jobs
from tests.origin_app import API_URL, make_app, make_client

AUTH = "/api/v1/auth"
ME = "/api/v1/me"
OTHER = "another long password"


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(app, base_url="http://localhost") as client:
        yield client


@pytest.fixture
async def elsewhere(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(app, base_url="http://localhost") as client:
        yield client


async def log_in(client: httpx.AsyncClient, email: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post(f"{AUTH}/login", json={"email": email, "password": password})


async def test_no_account_is_there_before_its_letter_was_read(browser: httpx.AsyncClient) -> None:
    email = new_email()
    await browser.post(f"{AUTH}/register", json={"email": email, "password": PASSWORD})
    assert (await log_in(browser, email)).status_code == 401
    token = await letter(browser, "register", email)
    assert (await browser.post(f"{AUTH}/verify", json={"token": token})).status_code == 201
    assert (await log_in(browser, email)).status_code == 200
    assert (await browser.post(f"{AUTH}/verify", json={"token": token})).status_code == 422


async def test_registering_and_forgetting_tell_nobody_whether_there_is_an_account(
    browser: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    known, unknown = new_email(), new_email()
    await register(browser, known)
    postbox = Postbox()
    await run_jobs(engine, postbox)
    postbox.letters.clear()
    for path, body in (("register", {"password": PASSWORD}), ("forgot-password", {})):
        answers = [await browser.post(f"{AUTH}/{path}", json={"email": email, **body}) for email in (known, unknown)]
        assert len({(answer.status_code, answer.content, str(sorted(answer.headers))) for answer in answers}) == 1
    await run_jobs(engine, postbox)
    told = Counter((each.to, each.subject) for each in postbox.letters)
    assert told == {
        (known, "You have a Nearhop account already"): 1,
        (unknown, "Confirm your e-mail address"): 1,
        (known, "Choose a new password"): 1,
    }


async def test_both_answers_ask_the_database_the_same(browser: httpx.AsyncClient, engine: AsyncEngine) -> None:
    known, unknown = new_email(), new_email()
    await register(browser, known)
    seen: list[str] = []
    sa.event.listen(engine.sync_engine, "before_cursor_execute", lambda *arguments: seen.append(str(arguments[2])))
    statements = []
    for email in (known, unknown):
        seen.clear()
        await browser.post(f"{AUTH}/forgot-password", json={"email": email})
        statements.append(list(seen))
    assert statements[0] == statements[1] != []


async def test_a_letters_link_sets_a_new_password_once_and_ends_every_session(
    browser: httpx.AsyncClient, elsewhere: httpx.AsyncClient
) -> None:
    email = new_email()
    before = await register(browser, email)
    await browser.post(f"{AUTH}/forgot-password", json={"email": email})
    token = await letter(browser, "reset", email)
    weak = await elsewhere.post(f"{AUTH}/reset-password", json={"token": token, "password": "short"})
    assert weak.status_code == 422
    uses = await asyncio.gather(
        *(elsewhere.post(f"{AUTH}/reset-password", json={"token": token, "password": OTHER}) for _ in range(3))
    )
    assert Counter(answer.status_code for answer in uses) == {204: 1, 422: 2}
    assert (await browser.post(f"{AUTH}/refresh")).status_code == 401
    assert (await browser.get(ME, headers=bearer(before))).status_code == 401
    assert (await log_in(browser, email)).status_code == 401
    assert (await log_in(browser, email, OTHER)).status_code == 200


async def test_letters_tokens_end_and_are_kept_as_hashes(browser: httpx.AsyncClient, engine: AsyncEngine) -> None:
    email = new_email()
    await register(browser, email)
    await browser.post(f"{AUTH}/forgot-password", json={"email": email})
    token = await letter(browser, "reset", email)
    async with engine.begin() as connection:
        row = (await connection.execute(sa.select(mail_tokens).where(mail_tokens.c.email == email))).all()
        jobs = (await connection.execute(sa.text("SELECT args::text FROM procrastinate_jobs"))).all()
        assert token not in f"{row}{jobs}"
        past = sa.func.now() - sa.text("interval '1 second'")
        await connection.execute(sa.update(mail_tokens).values(expires_at=past))
    late = await browser.post(f"{AUTH}/reset-password", json={"token": token, "password": OTHER})
    assert late.status_code == 422


async def test_a_token_of_one_purpose_is_worth_nothing_for_another(browser: httpx.AsyncClient) -> None:
    email = new_email()
    await register(browser, email)
    await browser.post(f"{AUTH}/forgot-password", json={"email": email})
    token = await letter(browser, "reset", email)
    for path in ("verify", "confirm-email"):
        assert (await browser.post(f"{AUTH}/{path}", json={"token": token})).status_code == 422


async def test_a_changed_password_ends_the_other_sessions(
    browser: httpx.AsyncClient, elsewhere: httpx.AsyncClient
) -> None:
    email = new_email()
    mine = bearer(await register(browser, email))
    other = bearer(await log_in(elsewhere, email))
    wrong = {"currentPassword": OTHER, "password": OTHER}
    assert (await browser.post(f"{ME}/password", json=wrong, headers=mine)).status_code == 403
    right = {"currentPassword": PASSWORD, "password": OTHER}
    assert (await browser.post(f"{ME}/password", json=right, headers=mine)).status_code == 204
    assert (await browser.get(ME, headers=mine)).status_code == 200
    assert (await elsewhere.get(ME, headers=other)).status_code == 401
    assert (await log_in(elsewhere, email, OTHER)).status_code == 200


@pytest.mark.parametrize("way", ["reset", "change", "log out everywhere"])
async def test_who_is_thrown_out_does_not_come_back_by_a_change_of_the_address_that_they_asked_for(
    browser: httpx.AsyncClient, elsewhere: httpx.AsyncClient, way: str
) -> None:
    email, theirs = new_email(), new_email()
    mine = bearer(await register(browser, email))
    await elsewhere.post(f"{ME}/email", json={"email": theirs, "password": PASSWORD}, headers=mine)
    token = await letter(browser, "change_email", theirs)
    if way == "reset":
        await browser.post(f"{AUTH}/forgot-password", json={"email": email})
        body = {"token": await letter(browser, "reset", email), "password": OTHER}
        done = await browser.post(f"{AUTH}/reset-password", json=body)
    elif way == "change":
        done = await browser.post(f"{ME}/password", json={"currentPassword": PASSWORD, "password": OTHER}, headers=mine)
    else:
        done = await browser.delete(f"{ME}/sessions", headers=mine)
    assert done.status_code == 204
    assert (await elsewhere.post(f"{AUTH}/confirm-email", json={"token": token})).status_code == 422
    assert (await log_in(browser, email, PASSWORD if way == "log out everywhere" else OTHER)).status_code == 200


async def test_of_a_new_password_and_a_new_address_at_once_neither_waits_for_the_other_for_ever(
    browser: httpx.AsyncClient,
) -> None:
    for _ in range(5):
        email, new = new_email(), new_email()
        mine = bearer(await register(browser, email))
        await browser.post(f"{ME}/email", json={"email": new, "password": PASSWORD}, headers=mine)
        await browser.post(f"{AUTH}/forgot-password", json={"email": email})
        change, reset = await letter(browser, "change_email", new), await letter(browser, "reset", email)
        answers = await asyncio.gather(
            browser.post(f"{AUTH}/confirm-email", json={"token": change}),
            browser.post(f"{AUTH}/reset-password", json={"token": reset, "password": OTHER}),
        )
        assert sorted(answer.status_code for answer in answers) in ([200, 422], [204, 422])


async def test_what_is_kept_for_an_idempotency_key_lets_nobody_guess_the_password(
    browser: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    mine = bearer(await register(browser)) | {"Idempotency-Key": "change it"}
    body = json.dumps({"currentPassword": PASSWORD, "password": OTHER}).encode()
    typed = mine | {"Content-Type": "application/json"}
    answers = [await browser.post(f"{ME}/password", content=body, headers=typed) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    other = await browser.post(f"{ME}/password", json={"currentPassword": OTHER, "password": OTHER}, headers=mine)
    assert other.status_code == 409
    fast = hashlib.sha256(f"POST {ME}/password?\n".encode() + body).digest()
    async with engine.connect() as connection:
        kept = [bytes(row.request_hash) for row in await connection.execute(sa.select(idempotency_keys))]
    assert kept
    assert fast not in kept


async def test_a_new_address_counts_once_its_letter_was_read_and_the_old_one_is_told(
    browser: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    old, new = new_email(), new_email()
    mine = bearer(await register(browser, old))
    asked = await browser.post(f"{ME}/email", json={"email": new, "password": PASSWORD}, headers=mine)
    assert asked.status_code == 202
    assert (await log_in(browser, new)).status_code == 401
    token = await letter(browser, "change_email", new)
    assert (await browser.post(f"{AUTH}/confirm-email", json={"token": token})).json()["email"] == new
    assert [(await log_in(browser, email)).status_code for email in (old, new)] == [401, 200]
    postbox = Postbox()
    await run_jobs(engine, postbox)
    assert (old, "Your e-mail address was changed") in [(each.to, each.subject) for each in postbox.letters]


async def test_an_address_that_is_taken_is_not_given_and_not_told(browser: httpx.AsyncClient, app: Starlette) -> None:
    taken = new_email()
    async with make_client(app, base_url="http://localhost") as owner:
        await register(owner, taken)
    mine = bearer(await register(browser))
    asked = await browser.post(f"{ME}/email", json={"email": taken, "password": PASSWORD}, headers=mine)
    assert asked.status_code == 202
    token = await letter(browser, "change_email", taken)
    assert (await browser.post(f"{AUTH}/confirm-email", json={"token": token})).status_code == 409


async def test_sessions_are_listed_and_ended_one_by_one_or_all(
    browser: httpx.AsyncClient, elsewhere: httpx.AsyncClient
) -> None:
    email = new_email()
    mine = bearer(await register(browser, email))
    elsewhere.headers["User-Agent"] = "A phone"
    other = bearer(await log_in(elsewhere, email))
    listed = (await browser.get(f"{ME}/sessions", headers=mine)).json()
    assert sorted((each["current"], each["userAgent"] == "A phone") for each in listed) == [
        (False, True),
        (True, False),
    ]
    (phone,) = (each["id"] for each in listed if each["userAgent"] == "A phone")
    assert (await browser.delete(f"{ME}/sessions/{phone}", headers=mine)).status_code == 204
    assert (await elsewhere.get(ME, headers=other)).status_code == 401
    assert (await elsewhere.post(f"{AUTH}/refresh")).status_code == 401
    assert (await browser.delete(f"{ME}/sessions/{phone}", headers=mine)).status_code == 404
    again = bearer(await log_in(elsewhere, email))
    assert (await elsewhere.delete(f"{ME}/sessions", headers=again)).status_code == 204
    for headers in (mine, again):
        assert (await browser.get(ME, headers=headers)).status_code == 401


async def test_anothers_session_can_not_be_ended(browser: httpx.AsyncClient, elsewhere: httpx.AsyncClient) -> None:
    mine, theirs = bearer(await register(browser)), bearer(await register(elsewhere))
    (session,) = (await browser.get(f"{ME}/sessions", headers=mine)).json()
    assert (await elsewhere.delete(f"{ME}/sessions/{session['id']}", headers=theirs)).status_code == 404
    assert (await browser.get(ME, headers=mine)).status_code == 200


async def test_a_deleted_account_is_gone_with_its_workspace_and_its_links_at_the_edge(
    browser: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    await new_account(engine)  # makes the shared domain
    email = new_email()
    mine = bearer(await register(browser, email))
    link = (await browser.post("/api/v1/links", json={"url": "https://example.com"}, headers=mine)).json()
    wrong = await browser.request("DELETE", ME, json={"password": OTHER}, headers=mine)
    assert wrong.status_code == 403
    assert (await browser.request("DELETE", ME, json={"password": PASSWORD}, headers=mine)).status_code == 204
    assert (await browser.get(ME, headers=mine)).status_code == 401
    assert (await log_in(browser, email)).status_code == 401
    async with engine.connect() as connection:
        last = sa.text("SELECT value FROM outbox WHERE key = :key ORDER BY version DESC LIMIT 1")
        key = f"{link['domain']}/{link['key']}"
        assert (await connection.execute(last, {"key": key})).scalar_one() is None


async def test_an_api_key_does_nothing_with_the_account_itself(api: httpx.AsyncClient) -> None:
    for method, path, body in (
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", {"password": PASSWORD}),
        ("POST", "/email", {"email": new_email(), "password": PASSWORD}),
        ("POST", "/password", {"currentPassword": PASSWORD, "password": OTHER}),
        ("DELETE", "/sessions", None),
    ):
        assert (await api.request(method, ME + path, json=body)).status_code == 403


async def test_guessing_at_one_account_is_slowed_also_for_who_tries_all_at_once(
    browser: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    email = new_email()
    await register(browser, email)
    guesses = await asyncio.gather(*(log_in(browser, email, f"guess number {n}") for n in range(12)))
    found = Counter(answer.status_code for answer in guesses)
    assert found == {401: 6, 429: 6}
    slowed = next(answer for answer in guesses if answer.status_code == 429)
    assert int(slowed.headers["Retry-After"]) >= 1
    async with engine.begin() as connection:
        later = sa.func.now() + sa.text("interval '1 minute'")
        await connection.execute(sa.update(throttles).values(blocked_until=later))
    assert (await log_in(browser, email)).status_code == 429  # the right password waits as well
    async with engine.begin() as connection:
        await connection.execute(sa.update(throttles).values(blocked_until=None))
    assert (await log_in(browser, email)).status_code == 200
    assert (await log_in(browser, email, "wrong again!")).status_code == 401  # counted from the beginning


async def test_an_account_that_is_not_there_is_slowed_alike(browser: httpx.AsyncClient) -> None:
    email = new_email()
    found = Counter([(await log_in(browser, email)).status_code for _ in range(8)])
    assert set(found) == {401, 429}


async def test_waits_grow_and_an_address_is_slowed_over_all_accounts(engine: AsyncEngine) -> None:
    transport = httpx.ASGITransport(make_app(engine), client=("203.0.113.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url=API_URL) as attacker:
        bodies = ({"token": f"guess {n}"} for n in range(60))
        answers = [await attacker.post(f"{AUTH}/verify", json=body) for body in bodies]
    assert Counter(answer.status_code for answer in answers) == {422: 21, 429: 39}


async def test_letters_to_one_address_are_few(browser: httpx.AsyncClient) -> None:
    email = new_email()
    answers = [await browser.post(f"{AUTH}/forgot-password", json={"email": email}) for _ in range(6)]
    assert Counter(answer.status_code for answer in answers) == {202: 4, 429: 2}


async def test_people_without_a_password_can_not_log_in_with_one(
    browser: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    email = new_email()
    await register(browser, email)
    async with engine.begin() as connection:
        await connection.execute(sa.update(users).where(users.c.email == email).values(password_hash=None))
    assert (await log_in(browser, email)).status_code == 401


async def test_a_letter_that_is_no_use_any_more_is_not_sent(browser: httpx.AsyncClient, engine: AsyncEngine) -> None:
    email = new_email()
    await register(browser, email)
    postbox = Postbox()
    await run_jobs(engine, postbox)
    assert email not in [each.to for each in postbox.letters]
    async with engine.begin() as connection:
        await mails.tell_of_change(connection, email, "password_changed")
    await run_jobs(engine, postbox)
    assert [each.subject for each in postbox.letters if each.to == email] == ["Your password was changed"]


@pytest.mark.parametrize(
    ("what", "page", "says"),
    [
        ("passkey_added", "/security", "delete what was added"),
        ("identity_linked", "/security", "delete what was added"),
        ("second_factor_on", "/forgot-password", "switch the second factor off"),
        ("passkey_deleted", "/forgot-password", "Choose a new password"),
    ],
)
async def test_a_notice_names_what_helps_against_what_was_done(
    browser: httpx.AsyncClient, engine: AsyncEngine, what: str, page: str, says: str
) -> None:
    email, postbox = new_email(), Postbox()
    await register(browser, email)
    async with engine.begin() as connection:
        await mails.tell_of_change(connection, email, what)
    await run_jobs(engine, postbox)
    (sent,) = (each for each in postbox.letters if each.to == email)
    assert f"http://dashboard.test{page}\n" in sent.text
    assert says in sent.text
    assert f'href="http://dashboard.test{page}"' in sent.html
