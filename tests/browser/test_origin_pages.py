"""Origin's pages for people: the form to report a link, the local mailbox, and what errors mean. They look like the rest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect
from starlette.applications import Starlette
from starlette.routing import Mount

from origin import reference
from origin.mail import letters, views
from origin.mail.mailbox import Mailbox
from origin.mail.post import make_post
from origin.problems import PROBLEMS
from origin.safety import report_page
from tests.browser.conftest import Watched
from tests.browser.look import IDS, LONG, VIEWS, check
from tests.browser.serving import served
from tests.integration.origin.served import Served

LINK = "https://links.example/verify#token"


@pytest.fixture
def api(assets: None, postgres_url: str) -> Iterator[str]:
    """The base URL of origin."""
    with Served(postgres_url) as running:
        yield running.url.removesuffix("/api/v1")


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mail")


@pytest.fixture
def post_office(assets: None, mailbox: Mailbox) -> Iterator[str]:
    """The base URL of the mailbox."""
    with served(Starlette(routes=[*views.routes(mailbox), Mount("/api/v1", routes=reference.routes([]))])) as url:
        yield url


@pytest.mark.parametrize("view", VIEWS, ids=IDS)
async def test_the_form_to_report_a_link(watched: Watched, api: str, view: dict[str, Any]) -> None:
    page = await watched.page(**view)
    await page.goto(f"{api}{report_page.PATH}?url={LONG}")
    await check(page, "report")
    assert "Hanken Grotesk" in await page.evaluate("getComputedStyle(document.body).fontFamily")
    assert await page.evaluate("document.fonts.check('16px Hanken Grotesk')")
    await page.get_by_label("It was sent to me as spam").check()
    await page.get_by_role("button", name="Send the report").click()
    await expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    await check(page, "thanks")


@pytest.mark.parametrize("view", VIEWS, ids=IDS)
async def test_the_local_mailbox(watched: Watched, post_office: str, mailbox: Mailbox, view: dict[str, Any]) -> None:
    page = await watched.page(**view)
    await page.goto(f"{post_office}{views.PATH}")
    await check(page, "no letters")
    await make_post("", "Nearhop <nearhop@example.com>", mailbox).send(
        letters.write("reset", f"{'a' * 60}@example.com", link=LINK)
    )
    await page.reload()
    await check(page, "a letter")
    await expect(page.get_by_role("link", name=LINK)).to_have_attribute("href", LINK)
    await page.get_by_role("link", name="As it is sent").click()
    await expect(page.get_by_role("link").first).to_have_attribute("href", LINK)


@pytest.mark.parametrize("view", VIEWS, ids=IDS)
async def test_what_errors_mean(watched: Watched, post_office: str, view: dict[str, Any]) -> None:
    page = await watched.page(**view)
    for code in sorted({each.code for each in PROBLEMS}):
        await page.goto(f"{post_office}/api/v1/docs/errors#{code}")
        await expect(page.locator(f"#{code}")).to_be_in_viewport()
    await check(page, "errors")
