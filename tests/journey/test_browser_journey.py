"""A newcomer's first minutes, in a real browser on the whole of Nearhop: log in, shorten, open, and see the click."""

import contextlib
import json

import pytest
from playwright.async_api import Error, Page, expect

from deploy.local.stack import Stack
from tests.browser.chromium import launched

pytestmark = [pytest.mark.stack, pytest.mark.browser]

DESTINATION = "https://example.com/a/journey?with=a%20query#and-a-fragment"
WITHOUT_FRAGMENT = DESTINATION.partition("#")[0]  # the rest never leaves the browser
# A headless browser's own name is a bot's, and bots are not counted as clicks.
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
PATIENCE_MS = 30_000


async def test_from_the_log_in_to_the_click_in_the_chart(stack: Stack) -> None:
    async with launched() as browser:
        context = await browser.new_context(user_agent=PERSON)
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        await log_in(page, stack)
        short_link = await shorten(page)
        assert await open_link(await context.new_page(), short_link) == [short_link, WITHOUT_FRAGMENT]
        await expect(page.locator("#count")).to_have_text("1", timeout=PATIENCE_MS)
        await expect(page.locator("#chart")).to_have_attribute("data-drawn", "1", timeout=PATIENCE_MS)
        await expect(page.get_by_text("Chrome").first).to_be_visible(timeout=PATIENCE_MS)


async def test_a_visit_shows_in_the_live_list_of_events_and_in_the_file(stack: Stack) -> None:
    async with launched() as browser:
        context = await browser.new_context(user_agent=PERSON)
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        await log_in(page, stack)
        short_link = await shorten(page)
        await page.get_by_role("link", name="Events and export").click()
        await expect(page.get_by_text("No such events")).to_be_visible(timeout=PATIENCE_MS)
        async with page.expect_response(lambda answer: "/events/live" in answer.url):
            await page.get_by_role("button", name="Live").click()
        await open_link(await context.new_page(), short_link)
        await page.bring_to_front()
        row = page.get_by_role("list", name="Events, the newest first").get_by_role("listitem")
        await expect(row).to_contain_text("Chrome on Linux", timeout=PATIENCE_MS)
        await expect(row).to_contain_text(short_link.partition("://")[2])
        async with page.expect_download() as waiting:
            await page.get_by_role("link", name="Export all of these as NDJSON").click()
        lines = (await (await waiting.value).path()).read_text(encoding="utf-8").splitlines()
        assert [json.loads(line)["url"] for line in lines] == [DESTINATION]


async def open_link(visitor: Page, short_link: str) -> list[str]:
    """The addresses that the browser asks for, one after the other; the last need not exist where the tests run."""
    asked: list[str] = []
    visitor.on("request", lambda request: asked.append(request.url))
    with contextlib.suppress(Error):
        await visitor.goto(short_link)
    return asked[:2]


async def log_in(page: Page, stack: Stack) -> None:
    await page.goto(stack.url("dashboard"))
    await page.get_by_label("E-mail").fill(stack.credentials["email"])
    await page.get_by_label("Password", exact=True).fill(stack.credentials["password"])
    await page.get_by_role("button", name="Log in", exact=True).click()


async def shorten(page: Page) -> str:
    await page.get_by_label("Address to shorten").fill(DESTINATION)
    await page.get_by_role("button", name="Shorten").click()
    await expect(page.get_by_role("status").filter(has_text="Link created")).to_be_visible(timeout=PATIENCE_MS)
    short_link = await page.get_by_role("link", name="Open").get_attribute("href")
    assert short_link is not None
    return short_link
