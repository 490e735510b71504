"""The options of a link, as a person sets them."""

import re

from playwright.async_api import Page, expect

from dashboard.origin_fake import FakeOrigin
from tests.browser.conftest import Watched, log_in


async def test_options_are_set_where_they_are_looked_for(page: Page, origin: FakeOrigin, dashboard: str) -> None:
    origin.tags.add("Spring")
    await page.goto(f"{dashboard}/links/new")
    await expect(page.get_by_role("textbox", name="Password")).to_be_hidden()  # the simple case stays simple
    await page.get_by_label("Destination", exact=True).fill("example.com/sale")
    await page.get_by_label("Spring").check()
    await page.get_by_text("Campaign", exact=True).first.click()
    await page.get_by_label("Source").fill("newsletter")
    await expect(page.get_by_text("The link leads to")).to_have_text(
        "The link leads to https://example.com/sale?utm_source=newsletter"
    )
    await expect(page.get_by_text("Its other destinations")).to_be_hidden()
    await page.get_by_text("Life and access").click()
    await page.get_by_label("Expires").fill("2027-07-01T12:30")
    await page.get_by_role("textbox", name="Password").fill("open sesame")
    await page.get_by_text("Phones and countries").click()
    await page.get_by_label("Country 1").first.select_option(label="Germany")
    await page.get_by_label("Destination of country 1").fill("https://example.de/")
    await expect(page.get_by_text("Its other destinations")).to_have_text(
        "Its other destinations: https://example.de/?utm_source=newsletter"
    )
    await page.get_by_role("button", name="Create link").click()
    await expect(page).to_have_url(re.compile(r"/links/link_\d+$"))
    (link,) = origin.links.values()
    assert (link["url"], link["utm_source"], link["geo"]) == (
        "https://example.com/sale", "newsletter", {"DE": "https://example.de/"},
    )  # fmt: skip
    assert link["expiresAt"] == "2027-07-01T10:30:00+00:00"  # the browser is in Berlin
    await page.get_by_role("link", name="Edit").click()
    await expect(page.get_by_label("Expires")).to_have_value("2027-07-01T12:30")  # what is in use is open
    await expect(page.get_by_role("textbox", name="Password")).to_have_value("")
    await page.get_by_label("Take the password away").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    assert (link["password"], link["geo"]) == (None, {"DE": "https://example.de/"})


async def test_a_test_is_set_up_by_keyboard_and_mended_without_scripts(
    watched: Watched, origin: FakeOrigin, dashboard: str
) -> None:
    page = await watched.page(java_script_enabled=False)
    await log_in(page, dashboard)
    await page.goto(f"{dashboard}/links/new")
    await page.get_by_label("Destination", exact=True).fill("https://example.com/")
    await page.locator("summary", has_text="A/B test").focus()
    await page.keyboard.press("Enter")
    for letter, number, share in (("A", 1, "50"), ("B", 2, "40")):
        await page.get_by_label(f"Destination of variant {letter}").fill(f"https://example.com/{number}")
        await page.get_by_label(f"Share of variant {letter}").fill(share)
    await page.keyboard.press("Enter")  # sends the form, although another button comes first
    summary = page.get_by_role("alert").filter(has_text="The shares add up to 100 %, not to 90 %.").first
    await expect(summary).to_be_focused()
    await expect(summary).to_be_in_viewport()
    marked, url = page.get_by_label("Share of variant A"), page.get_by_label("Destination", exact=True)
    await expect(marked).to_have_attribute("aria-invalid", "true")
    await expect(marked).not_to_have_css("border-color", await url.evaluate("at => getComputedStyle(at).borderColor"))
    await summary.get_by_role("link", name="Variant").click()
    await expect(page.get_by_label("Destination of variant A")).to_be_in_viewport()
    await page.get_by_label("Share of variant B").fill("50")
    await expect(page.get_by_role("button", name="More countries")).to_be_hidden()
    await page.get_by_role("button", name="Create link").click()
    await expect(page).to_have_url(re.compile(r"/links/link_\d+$"))
    (link,) = origin.links.values()
    assert [each["percentage"] for each in link["testVariants"]] == [50, 50]
    await page.goto(f"{dashboard}/links/{link['id']}/edit")
    await page.locator("summary", has_text="Phones and countries").click()
    await page.get_by_role("button", name="More countries").click()
    await expect(page.get_by_label("Destination of country 5")).to_be_visible()
    await expect(page.get_by_label("Destination of variant A")).to_have_value("https://example.com/1")
