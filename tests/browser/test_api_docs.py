"""The page of the API's documentation, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Watched
from tests.integration.origin.served import Served

SCREENS = {"desk": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture
def api(assets: None, postgres_url: str) -> Iterator[Served]:
    with Served(postgres_url) as running:
        yield running


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
async def test_it_shows_every_operation_and_asks_nobody_else(
    api: Served, watched: Watched, screen: str, scheme: str, tmp_path: Path
) -> None:
    page = await watched.page(viewport=SCREENS[screen], color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{api.url}/docs")
    await expect(page.locator("#operations-links-postLinks")).to_be_visible()
    document = await (await page.request.get(f"{api.url}/openapi.json")).json()
    operations = sum(len(methods) for methods in document["paths"].values())
    await expect(page.locator(".opblock")).to_have_count(operations)
    await page.screenshot(path=tmp_path / f"{screen}-{scheme}.png")
    await page.locator("#operations-links-postLinks .opblock-summary").click()
    await expect(page.locator("#operations-links-postLinks")).to_contain_text("Spring sale")
    await page.screenshot(path=tmp_path / f"{screen}-{scheme}-open.png")
    width = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], "nothing runs out of the screen"
    assert [url for url in asked if not url.startswith((api.url, "data:"))] == []


async def test_an_operation_is_tried_out_with_a_key(api: Served, watched: Watched) -> None:
    page = await watched.page()
    await page.goto(f"{api.url}/docs")
    await page.get_by_role("button", name="Authorize").click()
    await page.get_by_label("auth-bearer-value").fill(api.account.api_key)
    await page.locator(".auth-btn-wrapper .authorize").click()
    await page.locator(".btn-done").click()
    block = page.locator("#operations-links-postLinks")
    await block.locator(".opblock-summary").click()
    await block.get_by_role("button", name="Try it out").click()
    await block.get_by_role("button", name="Execute").click()
    answer = block.locator(".live-responses-table .response").first
    await expect(answer.locator(".response-col_status")).to_contain_text("200")
    await expect(answer).to_contain_text("shortLink")
