"""What holds for every page in every size and theme: it fits, it can be read, everything on it has a name."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page

from dashboard.origin_fake import EMAIL, PASSWORD, FakeOrigin
from dashboard.origin_fake_security import CODE, identity, passkey, session
from dashboard.origin_fake_teams import user_id
from tests.browser.conftest import Watched, log_in
from tests.browser.look import CONTRAST, IDS, LONG, VIEWS, check


async def dashboard_pages(page: Page, base: str, origin: FakeOrigin) -> AsyncIterator[str]:
    """Opens each page and state of the dashboard in turn."""
    origin.security.providers = [
        {"id": "acme", "name": "A provider with a name as long as names may be, and no shorter"}
    ]
    await page.goto(f"{base}/login")
    yield "login"
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Log in", exact=True).click()
    yield "login refused"
    for path in ("register", "forgot-password", "verify-email", "confirm-email", "reset-password"):
        await page.goto(f"{base}/{path}")
        yield path
        await page.locator("form button.btn-primary").click()
        yield f"{path} refused"
    origin.has_mailbox = True
    await page.goto(f"{base}/letter-sent")
    yield "letter sent"
    await log_in(page, base)
    yield "no links"
    await page.goto(f"{base}/analytics")
    yield "no clicks"
    link = origin.add_link(LONG, "k" * 120, title="T" * 200, comments="C" * 300)
    origin.click(link, 54321, country="GB", referer="r" * 90 + ".example")
    link["clicks"] = 123_456_789
    for path in (
        "links",
        "links?search=zzz",
        f"links/{link['id']}",
        f"links/{link['id']}/edit",
        f"links/{link['id']}/delete",
    ):
        await page.goto(f"{base}/{path}")
        yield path
    async for name in option_pages(page, base, origin):
        yield name
    await page.goto(f"{base}/api-keys")
    yield "no keys"
    await page.get_by_label("Name").fill("N" * 90)
    await page.get_by_role("button", name="Create key").click()
    yield "new key"
    async for name in security_pages(page, base, origin):
        yield name
    async for name in team_pages(page, base, origin):
        yield name
    await page.goto(f"{base}/nothing")
    yield "not found"
    origin.down = True
    await page.goto(f"{base}/links")
    yield "origin down"


async def option_pages(page: Page, base: str, origin: FakeOrigin) -> AsyncIterator[str]:
    """The form of a link with all that it has, the list with tags, and the figures of the workspace."""
    origin.tags.add("t" * 50)
    link = origin.add_link(
        LONG, "p" * 120, tagNames=["t" * 50], archived=True, password="secret", geo={"DE": LONG, "GB": LONG},
        utm_source="s" * 90, testVariants=[{"url": LONG, "percentage": 50}] * 2, redirect={"maxClicks": 5, "status": 308},
        ios=LONG, proxy=True,
        expiresAt="2027-01-01T00:00:00+00:00",
    )  # fmt: skip
    origin.click(link, 7, country="FR", city="c" * 90, leads=1, amount=123_456_789, variant=1)
    origin.click(link, 2, verdict="bot", bot_name="b" * 90, referer="r" * 90, url=LONG)
    origin.analytics.uncounted = dict.fromkeys(("bots", "previews", "prefetches", "heads", "capped"), 123456789)
    origin.analytics.results = [variant_row(0), variant_row(1)]
    origin.analytics.unattributed = 3
    for path in (
        f"links/{link['id']}",
        f"links/{link['id']}/edit",
        "links?archived=y",
        "analytics",
        "analytics?city=x",
        "events",
        "events?kind=sale",
        "conversions?measure=sales&outcome=unattributed",
    ):
        await page.goto(f"{base}/{path}")
        yield path
    await page.goto(f"{base}/events?kind=all")
    await page.locator("#events details").first.evaluate("each => { each.open = true; }")
    yield "an event in full"
    await page.goto(f"{base}/events?kind=sale")
    await page.locator("#events details").first.evaluate("each => { each.open = true; }")
    yield "a sale in full"
    await page.goto(f"{base}/links/{link['id']}")
    await page.get_by_text("Why this number?").click()
    yield "why this number"
    await page.locator("summary", has_text="Days").click()
    yield "days to choose"
    await page.goto(f"{base}/links/new")
    await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    yield "new link, all options"
    for number, letter in ((1, "A"), (2, "B")):
        await page.get_by_label(f"Destination of variant {letter}").fill("ftp://a.example")
        await page.get_by_label(f"Destination of country {number}").fill("ftp://a.example")
    await page.get_by_role("button", name="Create link").click()
    yield "new link refused"


def variant_row(number: int) -> dict[str, Any]:
    """A variant of the link above that has done well."""
    rates = {"conversionRate": 0.5, "conversionRateLow": 0.4, "conversionRateHigh": 0.6, "converted": 50}
    against = {"lift": 0.5, "difference": 0.1, "pValue": 0.001, "significant": True, "minimumClicks": 10_000}
    numbers = {"clicks": 100, "leads": 50, "sales": 7, "saleAmount": 0, "revenue": {"usd": 123_456_789_000, "eur": 5}}
    return {"variant": number, "url": LONG, "control": not number, **numbers, **rates, **(against if number else {})}


async def security_pages(page: Page, base: str, origin: FakeOrigin) -> AsyncIterator[str]:
    origin.security.sessions["ses_2"] = session("ses_2", "A browser with a long name " * 9)
    origin.security.identities["idn_1"] = identity("idn_1", "https://login.example/" + "a-long-path" * 9)
    origin.security.passkeys["pk_1"] = passkey("pk_1", "P" * 100)
    parts = ("password", "email", "delete-account", "passkeys/pk_1", "identities/idn_1", "passkeys/new")
    for path in ("security", *(f"security/{part}" for part in parts)):
        await page.goto(f"{base}/{path}")
        yield path
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Go on").click()
    yield "the passkey to make"
    await page.goto(f"{base}/security")
    await page.get_by_role("link", name="Set up an app").click()
    yield "an app to set up"
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Go on").click()
    yield "the secret"
    await page.get_by_label("Code").fill("000000")
    await page.get_by_role("button", name="Switch it on").click()
    yield "a wrong code"
    await page.get_by_label("Code").fill(CODE)
    await page.get_by_role("button", name="Switch it on").click()
    yield "recovery codes"
    for path in ("security", "security/second-factor/codes", "security/second-factor/off"):
        await page.goto(f"{base}/{path}")
        yield f"{path}, on"
    menu = page.get_by_text("Menu", exact=True)
    if await menu.is_visible():  # on a phone
        await menu.click()
        yield "the open menu"
    await page.get_by_role("button", name="Log out", exact=True).click()
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in", exact=True).click()
    yield "the second step"
    await page.get_by_role("button", name="Use a passkey instead").click()
    yield "the passkey as second step"
    await page.goto(f"{base}/login/second-step")
    await page.get_by_label("Code").fill(CODE)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url(f"{base}/links")


async def team_pages(page: Page, base: str, origin: FakeOrigin) -> AsyncIterator[str]:
    """Members, workspaces, settings and the log, empty and full."""
    await page.goto(f"{base}/audit-log")
    yield "empty log"
    origin.teams.log(
        "ws_1", "link.update", LONG, before={"url": LONG, "tags": ["a"]}, after={"url": None, "tags": [LONG]}
    )
    for path in ("audit-log", "audit-log?resource=tag", "members", f"members/{user_id(EMAIL)}/remove", "settings"):
        await page.goto(f"{base}/{path}")
        if path == "audit-log":
            await page.locator("main summary").click()
        yield path
    for name in ("b" * 60, "c"):
        origin.teams.members["ws_1"][f"{name}@example.com"] = "viewer"
    await page.goto(f"{base}/members")
    await page.get_by_label("E-mail").fill("d" * 60 + "@example.com")
    await page.get_by_role("button", name="Invite").click()
    yield "members and an invitation"
    await page.get_by_role("button", name="Invite").click()
    yield "invitation refused"
    await page.goto(f"{base}/settings/delete")
    await page.get_by_role("button", name="Delete the workspace").click()
    yield "delete refused"
    origin.teams.add_workspace("W" * 90, EMAIL)
    await page.goto(f"{base}/workspaces")
    yield "workspaces"
    await page.goto(f"{base}/invitation")
    yield "invitation's letter"
    (letter,) = origin.teams.letters.values()
    await page.goto(f"{base}/invitation#{letter}")
    await page.get_by_role("button", name="See the invitation").click()
    yield "invitation for somebody else"


@pytest.mark.parametrize("view", VIEWS, ids=IDS)
async def test_every_page_of_the_dashboard(
    watched: Watched, dashboard: str, origin: FakeOrigin, view: dict[str, Any]
) -> None:
    page = await watched.page(**view)
    async for name in dashboard_pages(page, dashboard, origin):
        await check(page, name)


@pytest.mark.parametrize("view", VIEWS, ids=IDS)
async def test_every_page_of_the_website(watched: Watched, website: str, view: dict[str, Any]) -> None:
    page = await watched.page(**view)
    for path in ("/", "/pricing", "/privacy", "/changelog", "/nothing"):
        await page.goto(f"{website}{path}")
        await check(page, path)


async def test_the_check_of_contrast_finds_what_cannot_be_read(watched: Watched, website: str) -> None:
    page = await watched.page()
    await page.goto(f"{website}/privacy")
    await page.evaluate("document.querySelector('article p').style.color = '#bbb'")
    assert len(await page.evaluate(CONTRAST)) == 1
