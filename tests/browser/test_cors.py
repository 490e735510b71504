"""Calls of the API by pages of other origins, in a real browser."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from origin.storage.engine import make_engine
from origin.storage.tables import workspaces
from tests.browser.serving import served
from tests.integration.origin.served import Served

CALL = """async ([url, key, method, body]) => {
    try {
        const headers = {Authorization: `Bearer ${key}`, "Idempotency-Key": crypto.randomUUID()};
        if (body) headers["Content-Type"] = "application/json";
        const answer = await fetch(url, {method, headers, body: body && JSON.stringify(body)});
        const seen = ["etag", "x-ratelimit-remaining", "x-request-id"].filter((name) => answer.headers.get(name));
        return {status: answer.status, body: await answer.json(), seen};
    } catch (error) {
        return {error: error.name};
    }
}"""


async def blank(request: Request) -> Response:
    return HTMLResponse("<!doctype html><title>An app</title>")


@pytest.fixture
def apps() -> Iterator[tuple[str, str]]:
    """The origins of two apps."""
    with ExitStack() as stack:
        one, two = (stack.enter_context(served(Starlette(routes=[Route("/", blank)]))) for _ in range(2))
        yield one, two


@pytest.fixture
def api(postgres_url: str, apps: tuple[str, str]) -> Iterator[Served]:
    with Served(postgres_url) as running:
        asyncio.run(_name(postgres_url, running.account.actor.workspace_id, apps[0]))
        yield running


async def _name(postgres_url: str, workspace_id: int, origin: str) -> None:
    engine = make_engine(postgres_url)
    async with engine.begin() as connection:
        named = sa.update(workspaces).where(workspaces.c.id == workspace_id).values(allowed_origins=[origin])
        await connection.execute(named)
    await engine.dispose()


async def opened(browser: Browser, url: str) -> Page:
    page = await browser.new_page()
    await page.goto(url)
    return page


async def test_an_app_that_the_workspace_names_makes_and_reads_links(
    browser: Browser, api: Served, apps: tuple[str, str]
) -> None:
    page = await opened(browser, apps[0])
    links, key = f"{api.url}/links", api.account.api_key
    made = await page.evaluate(CALL, [links, key, "POST", {"url": "https://example.com/"}])
    assert (made["status"], made["seen"]) == (200, ["etag", "x-ratelimit-remaining", "x-request-id"])
    changed = await page.evaluate(CALL, [f"{links}/{made['body']['id']}", key, "PATCH", {"title": "From a page"}])
    assert changed["body"]["title"] == "From a page"
    refused = await page.evaluate(CALL, [links, "nh_wrong", "GET", None])
    assert (refused["status"], refused["body"]["error"]["code"]) == (401, "unauthorized")


async def test_any_other_app_reads_nothing_and_does_nothing(
    browser: Browser, api: Served, apps: tuple[str, str]
) -> None:
    key = api.account.api_key
    other = await opened(browser, apps[1])
    assert await other.evaluate(CALL, [f"{api.url}/links", key, "GET", None]) == {"error": "TypeError"}
    body = {"url": "https://example.com/", "key": "from-elsewhere"}
    assert await other.evaluate(CALL, [f"{api.url}/links", key, "POST", body]) == {"error": "TypeError"}
    own = await opened(browser, apps[0])
    found = await own.evaluate(CALL, [f"{api.url}/links/info?domain=localhost&key=from-elsewhere", key, "GET", None])
    assert found["status"] == 404
