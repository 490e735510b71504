"""Accounts, sessions, API keys and workspaces."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin.accounts import sessions
from origin.accounts.api_keys import digest
from origin.accounts.door import COOKIE
from origin.storage.tables import api_keys, refresh_tokens, users
from tests.factories import Account, new_account
from tests.letters import PASSWORD, bearer, letter, new_email, register
from tests.origin_app import make_app, make_client

AUTH = "/api/v1/auth"


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(app, base_url="http://localhost") as client:
        yield client


async def test_a_new_account_has_a_workspace_of_its_own(browser: httpx.AsyncClient) -> None:
    registered = await register(browser, "Ada.L@Example.com")
    assert registered.status_code == 201
    assert registered.json()["user"]["email"] == "ada.l@example.com"
    me = (await browser.get("/api/v1/me", headers=bearer(registered))).json()
    assert [(each["name"], each["role"]) for each in me["workspaces"]] == [("Ada's workspace", "owner")]
    assert me["workspaceId"] == me["workspaces"][0]["id"]


async def test_an_address_has_one_account_even_when_opened_in_parallel(browser: httpx.AsyncClient) -> None:
    email = new_email()
    body = {"email": email.upper(), "password": PASSWORD}
    tokens = []
    for _ in range(3):
        assert (await browser.post(f"{AUTH}/register", json=body)).status_code == 202
        tokens.append(await letter(browser, "register", email))
    opened = await asyncio.gather(*(browser.post(f"{AUTH}/verify", json={"token": token}) for token in tokens * 2))
    assert Counter(answer.status_code for answer in opened)[201] == 1
    assert {answer.status_code for answer in opened} <= {201, 409, 422}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "no address", "password": PASSWORD}, "email"),
        ({"email": "a@b\0.c", "password": PASSWORD}, "U+0000"),
        ({"email": "a@example.com", "password": "short"}, "password"),
        ({"email": "a@example.com", "password": "x" * 257}, "password"),
        ({"email": "a@example.com"}, "password"),
    ],
)
async def test_a_bad_registration_is_refused_by_field(
    browser: httpx.AsyncClient, body: dict[str, str], field: str
) -> None:
    answer = await browser.post(f"{AUTH}/register", json=body)
    assert answer.status_code == 422
    assert field in answer.json()["error"]["message"]


async def test_a_wrong_password_and_an_unknown_address_are_answered_alike(browser: httpx.AsyncClient) -> None:
    email = new_email()
    await register(browser, email)
    wrong = await browser.post(f"{AUTH}/login", json={"email": email, "password": PASSWORD + "x"})
    unknown = await browser.post(f"{AUTH}/login", json={"email": new_email(), "password": PASSWORD})
    assert (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content) == (401, wrong.content)
    assert (await browser.post(f"{AUTH}/login", json={"email": email, "password": PASSWORD})).status_code == 200


async def test_a_log_in_that_fails_does_the_same_work_whoever_it_is_for(
    browser: httpx.AsyncClient, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hash and the same questions to the database: the time that it takes tells nothing either."""
    known, without_password = new_email(), new_email()
    for email in (known, without_password):
        await register(browser, email)
    async with engine.begin() as connection:
        none = sa.update(users).where(users.c.email == without_password).values(password_hash=None)
        await connection.execute(none)
    work: list[str] = []
    verify = PasswordHasher.verify

    def noted(hasher: PasswordHasher, stored: str, password: str) -> bool:
        work.append(stored[:30])
        return verify(hasher, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    sa.event.listen(engine.sync_engine, "before_cursor_execute", lambda *each: work.append(str(each[2])))
    done = []
    for email in (known, without_password, new_email()):
        work.clear()
        answer = await browser.post(f"{AUTH}/login", json={"email": email, "password": PASSWORD + "x"})
        assert answer.status_code == 401
        done.append(list(work))
    assert done[0] == done[1] == done[2]
    assert [each for each in done[0] if each.startswith("$argon2id$v=19$m=65536,t=3,p=4")] != []


async def test_a_hash_of_former_parameters_is_made_anew_at_the_next_log_in(
    browser: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    email = new_email()
    await register(browser, email)
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    mine = users.c.email == email
    async with engine.begin() as connection:
        await connection.execute(sa.update(users).where(mine).values(password_hash=weak))
    for _ in range(2):
        assert (await browser.post(f"{AUTH}/login", json={"email": email, "password": PASSWORD})).status_code == 200
    async with engine.connect() as connection:
        stored = (await connection.execute(sa.select(users.c.password_hash).where(mine))).scalar_one()
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_the_password_is_kept_as_argon2id(browser: httpx.AsyncClient, engine: AsyncEngine) -> None:
    email = new_email()
    await register(browser, email)
    async with engine.connect() as connection:
        stored = (await connection.execute(sa.select(users.c.password_hash).where(users.c.email == email))).scalar_one()
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored


async def test_the_refresh_cookie_is_for_no_script_and_no_other_site(app: Starlette) -> None:
    async with (
        make_client(app, base_url="http://localhost") as local,
        make_client(app, base_url="https://nearhop.example") as public,
    ):
        at_home, outside = [(await register(client)).headers["set-cookie"] for client in (local, public)]
    for part in ("HttpOnly", "SameSite=strict", "Path=/api/v1/auth", "Max-Age=604800"):
        assert part in at_home
        assert part in outside
    assert ("Secure" in at_home, "Secure" in outside) == (False, True)


async def test_a_refresh_gives_new_tokens(browser: httpx.AsyncClient) -> None:
    first = await register(browser)
    second = await browser.post(f"{AUTH}/refresh")
    third = await browser.post(f"{AUTH}/refresh")
    assert [answer.status_code for answer in (second, third)] == [200, 200]
    assert len({answer.cookies[COOKIE] for answer in (first, second, third)}) == 3
    assert (await browser.get("/api/v1/me", headers=bearer(third))).status_code == 200


async def test_a_refresh_token_used_twice_ends_its_whole_session(browser: httpx.AsyncClient, app: Starlette) -> None:
    stolen = (await register(browser)).cookies[COOKIE]
    await browser.post(f"{AUTH}/refresh")
    async with make_client(app, base_url="http://localhost") as thief:
        thief.cookies.set(COOKIE, stolen)
        assert (await thief.post(f"{AUTH}/refresh")).status_code == 401
    assert (await browser.post(f"{AUTH}/refresh")).status_code == 401


async def test_of_parallel_uses_of_a_refresh_token_one_works(browser: httpx.AsyncClient, app: Starlette) -> None:
    token = (await register(browser)).cookies[COOKIE]

    async def use() -> int:
        async with make_client(app, base_url="http://localhost") as client:
            client.cookies.set(COOKIE, token)
            return (await client.post(f"{AUTH}/refresh")).status_code

    assert Counter(await asyncio.gather(*(use() for _ in range(6)))) == {200: 1, 401: 5}


async def test_logging_out_ends_the_session_and_no_other(browser: httpx.AsyncClient, app: Starlette) -> None:
    email = new_email()
    token = (await register(browser, email)).cookies[COOKIE]
    async with make_client(app, base_url="http://localhost") as elsewhere:
        await elsewhere.post(f"{AUTH}/login", json={"email": email, "password": PASSWORD})
        out = await browser.post(f"{AUTH}/logout")
        assert (out.status_code, browser.cookies.get(COOKIE)) == (204, None)
        browser.cookies.set(COOKIE, token)
        assert (await browser.post(f"{AUTH}/refresh")).status_code == 401
        assert (await elsewhere.post(f"{AUTH}/refresh")).status_code == 200


async def test_refresh_tokens_are_kept_as_hashes_and_swept_when_expired(
    browser: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    token = (await register(browser)).cookies[COOKIE]
    mine = refresh_tokens.c.token_hash == digest(token)
    async with engine.begin() as connection:
        row = (await connection.execute(sa.select(refresh_tokens).where(mine))).one()
        assert token.encode() not in row.token_hash
        past = sa.func.now() - sa.text("interval '1 second'")
        await connection.execute(sa.update(refresh_tokens).where(mine).values(expires_at=past))
    assert (await browser.post(f"{AUTH}/refresh")).status_code == 401
    async with engine.begin() as connection:
        await sessions.delete_expired(connection)
        assert (await connection.execute(sa.select(refresh_tokens).where(mine))).all() == []


async def test_an_access_token_expires(engine: AsyncEngine) -> None:
    async with make_client(make_app(engine, seconds=1), base_url="http://localhost") as client:
        registered = await register(client)
        await asyncio.sleep(2.1)  # its times are whole seconds
        assert (await client.get("/api/v1/me", headers=bearer(registered))).status_code == 401


async def test_an_api_key_is_shown_once_and_kept_as_a_hash(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    made = (await api.post("/api/v1/api-keys", json={"name": "CI"})).json()
    listed = (await api.get("/api/v1/api-keys")).json()
    assert [each["name"] for each in listed] == ["CI", "test"]
    assert made["key"] not in str(listed)
    assert made["key"].startswith(made["hint"])
    async with engine.connect() as connection:
        stored = (await connection.execute(sa.select(api_keys).where(api_keys.c.name == "CI"))).one()
    assert made["key"] not in str(stored)


async def test_an_api_key_works_until_it_is_deleted(api: httpx.AsyncClient, app: Starlette) -> None:
    made = (await api.post("/api/v1/api-keys", json={"name": "short-lived"})).json()
    async with make_client(app, made["key"]) as client:
        assert (await client.get("/api/v1/links")).status_code == 200
        listed = {each["id"]: each for each in (await api.get("/api/v1/api-keys")).json()}
        assert listed[made["id"]]["lastUsedAt"] is not None
        assert (await api.delete(f"/api/v1/api-keys/{made['id']}")).json() == {"id": made["id"]}
        assert (await client.get("/api/v1/links")).status_code == 401


async def test_anothers_api_key_can_not_be_deleted(api: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    (mine,) = (await api.get("/api/v1/api-keys")).json()
    assert (await stranger.delete(f"/api/v1/api-keys/{mine['id']}")).status_code == 404
    assert (await api.get("/api/v1/api-keys")).status_code == 200


async def test_an_access_token_is_for_all_my_workspaces_and_no_others(
    browser: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    headers = bearer(await register(browser))
    second = (await browser.post("/api/v1/workspaces", json={"name": "Second"}, headers=headers)).json()
    mine = {**headers, "X-Workspace-Id": second["id"]}
    assert (await browser.get("/api/v1/me", headers=mine)).json()["workspaceId"] == second["id"]
    assert (await browser.get("/api/v1/links", params={"workspaceId": second["id"]}, headers=headers)).json() == []
    foreign = await new_account(engine)
    for text in (foreign.workspace_id, "ws_zzzz", "nonsense"):
        assert (await browser.get("/api/v1/links", headers={**headers, "X-Workspace-Id": text})).status_code == 404


async def test_an_api_key_is_for_one_workspace(api: httpx.AsyncClient, account: Account) -> None:
    second = (await api.post("/api/v1/workspaces", json={"name": "Second"})).json()
    assert (await api.get("/api/v1/links", headers={"X-Workspace-Id": account.workspace_id})).status_code == 200
    assert (await api.get("/api/v1/links", headers={"X-Workspace-Id": second["id"]})).status_code == 404


async def test_a_workspace_has_a_slug_of_its_own(api: httpx.AsyncClient) -> None:
    slug = f"team-{secrets.token_hex(4)}"
    first = await api.post("/api/v1/workspaces", json={"name": "Team", "slug": slug})
    second = await api.post("/api/v1/workspaces", json={"name": "Team", "slug": slug})
    bad = await api.post("/api/v1/workspaces", json={"name": "Team", "slug": "No Slug"})
    assert [answer.status_code for answer in (first, second, bad)] == [201, 409, 422]
