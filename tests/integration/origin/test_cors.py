"""Which pages may call the API from a browser."""

from collections.abc import AsyncIterator

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin.cors import KnownOrigins
from origin.limits.rules import rules_of
from origin.storage.tables import workspaces
from tests.factories import Account, new_account
from tests.origin_app import API_URL, make_app, make_client

MINE, THEIRS, NOBODYS = "https://app.example.com", "https://app.example.net", "https://app.example.org"
LINKS = f"{API_URL}/api/v1/links"
BODY = {"url": "https://example.com/"}
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}


async def name(engine: AsyncEngine, account: Account, *origins: str) -> None:
    async with engine.begin() as connection:
        mine = workspaces.c.id == account.actor.workspace_id
        await connection.execute(sa.update(workspaces).where(mine).values(allowed_origins=list(origins)))


@pytest.fixture
async def page(app: Starlette, engine: AsyncEngine, account: Account) -> AsyncIterator[httpx.AsyncClient]:
    """Calls of a page whose origin the account's workspace names; another workspace names another one."""
    await name(engine, account, "https://other.example.com", MINE)
    await name(engine, await new_account(engine), THEIRS)
    async with make_client(app, account.api_key) as client:
        client.headers["Origin"] = MINE
        yield client


async def test_a_preflight_passes_for_an_origin_that_a_workspace_names(page: httpx.AsyncClient) -> None:
    del page.headers["Authorization"]
    answer = await page.options(LINKS, headers=PREFLIGHT)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == MINE
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} == set(answer.headers["access-control-allow-methods"].split(", "))
    allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
    assert {"authorization", "content-type", "idempotency-key", "if-match", "x-request-id"} <= set(allowed)
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "origin", [NOBODYS, "null", "https://app.example.com:8443", "http://app.example.com", "x" * 5000]
)
async def test_a_page_that_nobody_names_is_refused(page: httpx.AsyncClient, origin: str) -> None:
    page.headers["Origin"] = origin
    answers = [await page.options(LINKS, headers=PREFLIGHT), await page.post(LINKS, json=BODY), await page.get(LINKS)]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert all("access-control-allow-origin" not in answer.headers for answer in answers)
    del page.headers["Origin"]
    assert (await page.get(f"{LINKS}/count")).json() == 0


async def test_answers_are_readable_for_the_workspaces_own_page(page: httpx.AsyncClient) -> None:
    answer = await page.post(LINKS, json=BODY)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == MINE
    exposed = set(answer.headers["access-control-expose-headers"].lower().split(", "))
    assert {"etag", "x-request-id", "retry-after", "x-ratelimit-remaining", "x-ratelimit-reset"} <= exposed
    assert {each for each in exposed if each in answer.headers} >= {"etag", "x-request-id", "x-ratelimit-limit"}


async def test_a_page_of_another_workspace_is_refused_before_anything_is_done(page: httpx.AsyncClient) -> None:
    page.headers["Origin"] = THEIRS
    assert (await page.options(LINKS, headers=PREFLIGHT)).status_code == 204
    refused = [await page.post(LINKS, json=BODY), await page.get("/api/v1/me")]
    assert [answer.status_code for answer in refused] == [403, 403]
    assert "allowedOrigins" in refused[0].json()["error"]["message"]
    assert all("access-control-allow-origin" not in answer.headers for answer in refused)
    del page.headers["Origin"]
    assert (await page.get(f"{LINKS}/count")).json() == 0


async def test_errors_are_readable_too(engine: AsyncEngine, page: httpx.AsyncClient, account: Account) -> None:
    answers = [
        await page.get("/api/v1/nowhere"),
        await page.post(LINKS, json={}),
        await page.get(LINKS, headers={"Authorization": "Bearer nh_wrong"}),
    ]
    async with make_client(make_app(engine, rules=rules_of(("free=1",), 1, 1)), account.api_key) as limited:
        limited.headers["Origin"] = MINE
        await limited.get(LINKS)
        answers.append(await limited.get(LINKS))
    assert [answer.status_code for answer in answers] == [404, 422, 401, 429]
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {MINE}


async def test_credentials_are_never_allowed_and_documents_are_for_anybody(page: httpx.AsyncClient) -> None:
    page.headers["Origin"] = NOBODYS
    answers = [await page.get("/api/v1/openapi.json"), await page.get("/api/v1/errors")]
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {"*"}
    page.headers["Origin"] = MINE
    answers += [await page.options(LINKS, headers=PREFLIGHT), await page.get(LINKS)]
    assert all("access-control-allow-credentials" not in answer.headers for answer in answers)


async def test_calls_from_no_page_or_from_the_apis_own_are_as_ever(page: httpx.AsyncClient) -> None:
    page.headers["Origin"] = API_URL
    own = await page.post(LINKS, json=BODY)
    del page.headers["Origin"]
    none = await page.get(LINKS)
    assert [answer.status_code for answer in (own, none)] == [200, 200]
    assert all("access-control-allow-origin" not in answer.headers for answer in (own, none))
    assert {own.headers["vary"], none.headers["vary"]} == {"Origin"}, "caches must keep answers to pages apart"


async def test_an_origin_that_is_named_no_more_is_refused_at_once_and_preflights_soon(
    engine: AsyncEngine, page: httpx.AsyncClient, account: Account
) -> None:
    now, origin = [0.0], "https://soon-gone.example.com"
    await name(engine, account, origin)
    page.headers["Origin"] = origin
    known = KnownOrigins(engine, lambda: now[0])
    assert await known.has(origin)
    assert (await page.get(LINKS)).status_code == 200
    await name(engine, account)
    assert (await page.get(LINKS)).status_code == 403
    assert await known.has(origin), "remembered"
    now[0] = 10.0
    assert not await known.has(origin)


async def test_made_up_origins_are_looked_up_no_oftener_than_their_address_may_ask(
    engine: AsyncEngine, page: httpx.AsyncClient
) -> None:
    del page  # by which MINE is named
    app = make_app(engine, rules=rules_of(("free=5",), 4, 3))
    transport = httpx.ASGITransport(app, client=("192.0.2.10", 1))
    async with httpx.AsyncClient(transport=transport) as client:

        async def ask(origin: str) -> int:
            return (await client.options(LINKS, headers={**PREFLIGHT, "Origin": origin})).status_code

        assert await ask(MINE) == 204
        assert [await ask(f"https://{number}.example") for number in range(4)] == [403, 403, 429, 429]
        assert await ask(MINE) == 204, "what is remembered costs nothing"
