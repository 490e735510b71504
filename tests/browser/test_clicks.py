"""What the dashboard knows of clicks, in a real browser: why a number, events as they come, files, tests, maps."""

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from dashboard.origin_fake import FakeOrigin
from tests.browser.conftest import Watched, log_in


@pytest.fixture
def link(origin: FakeOrigin) -> dict[str, Any]:
    return origin.add_link("https://example.com/", "spring")


async def test_a_number_is_explained_down_to_its_requests(
    page: Page, origin: FakeOrigin, dashboard: str, link: dict[str, Any]
) -> None:
    origin.click(link, 4)
    origin.click(link, 2, verdict="bot", bot_name="GPTBot", country="US", city="Denver")
    origin.analytics.uncounted = {"bots": 2}
    await page.goto(f"{dashboard}/links/{link['id']}")
    await page.locator("summary", has_text="Why this number?").press("Enter")
    bots = page.get_by_role("link", name=re.compile("^Bots"))
    await expect(bots).to_be_visible()
    origin.analytics.uncounted = {"bots": 3}
    await expect(page.get_by_text("3 requests not counted: 3 bots.")).to_be_visible()  # by itself
    await expect(bots).to_be_visible()  # still open
    await bots.click()
    await expect(page.get_by_role("heading", name="Events", level=1)).to_be_visible()
    events = page.get_by_role("list", name="Events, the newest first").get_by_role("listitem")
    await expect(events).to_have_count(2)
    await events.first.locator("summary").press("Enter")
    await page.get_by_role("link", name="Only events with Country United States").click()
    await expect(page.get_by_role("link", name="Without the filter Country: United States")).to_be_visible()
    await expect(page.get_by_role("link", name="Without the filter Link: localhost:8787/spring")).to_be_visible()


async def test_events_appear_while_one_looks_until_one_has_seen_enough(
    page: Page, origin: FakeOrigin, dashboard: str, link: dict[str, Any]
) -> None:
    await page.goto(f"{dashboard}/events?country=FR")
    live = page.get_by_role("button", name="Live")
    await expect(live).to_have_attribute("aria-pressed", "false")
    await live.focus()
    async with page.expect_response(re.compile("/events/live")):
        await page.keyboard.press("Space")
    await expect(live).to_have_attribute("aria-pressed", "true")
    rows = page.get_by_role("list", name="Events, the newest first").get_by_role("listitem")
    origin.click(link, country="FR", city="Lyon")
    origin.click(link, country="DE", city="Bonn")
    origin.click(link, country="FR", city="<i>Paris")
    await expect(rows).to_have_count(2)
    await expect(rows.first).to_contain_text("<i>Paris")
    await expect(rows.last).to_contain_text("Lyon")
    await expect(page.get_by_text("No such events")).to_have_count(0)
    await live.click()
    calls = len(origin.calls)
    origin.click(link, country="FR")
    await page.get_by_role("link", name="Bots", exact=True).click()
    await expect(page.get_by_text("No such events")).to_be_visible()
    assert "GET /events/live" not in origin.calls[calls + 1 :]


async def look_away(page: Page, *, hidden: bool) -> None:
    await page.evaluate(
        """(hidden) => {
          Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


async def test_figures_are_asked_for_while_somebody_looks_alone(
    page: Page, origin: FakeOrigin, dashboard: str, link: dict[str, Any]
) -> None:
    origin.click(link)
    await page.clock.install()
    await page.goto(f"{dashboard}/links/{link['id']}")
    await expect(page.locator("#chart")).to_have_attribute("data-drawn", "1")
    await look_away(page, hidden=True)
    calls = len(origin.calls)
    origin.click(link)
    await page.clock.run_for(10_000)
    await look_away(page, hidden=False)
    assert len(origin.calls) == calls
    await page.clock.run_for(4_000)
    await expect(page.locator("#chart")).to_have_attribute("data-drawn", "2")


async def test_what_happened_while_nobody_looked_is_there_afterwards_and_once(
    page: Page, origin: FakeOrigin, dashboard: str, link: dict[str, Any]
) -> None:
    origin.click(link, city="Lyon")
    await page.goto(f"{dashboard}/events")
    rows = page.get_by_role("list", name="Events, the newest first").get_by_role("listitem")
    origin.click(link, city="Bonn")  # after the page, and before the feed
    await page.get_by_role("button", name="Live").click()
    await expect(rows).to_have_count(2)
    await look_away(page, hidden=True)
    origin.click(link, city="Oslo")
    await look_away(page, hidden=False)
    await expect(rows).to_have_count(3)
    await expect(rows.first).to_contain_text("Oslo")
    await expect(rows.last).to_contain_text("Lyon")


async def test_the_live_list_outlasts_an_origin_that_starts_anew(
    page: Page, origin: FakeOrigin, dashboard: str, link: dict[str, Any]
) -> None:
    await page.goto(f"{dashboard}/events")
    origin.click(link, city="Bonn")
    await page.get_by_role("button", name="Live").click()
    await expect(page.get_by_role("list", name="Events, the newest first")).to_contain_text("Bonn")  # it is open
    origin.down = True
    async with page.expect_response(lambda answer: "/events/live" in answer.url and answer.status == 503):
        pass
    await expect(page.get_by_text("The connection is gone: trying again.")).to_be_visible()
    origin.down = False
    origin.click(link, city="Oslo")
    await expect(page.get_by_role("list", name="Events, the newest first")).to_contain_text("Oslo")
    await expect(page.get_by_role("button", name="Live")).to_have_attribute("aria-pressed", "true")


async def test_an_export_that_is_refused_says_why(
    page: Page, origin: FakeOrigin, dashboard: str, link: dict[str, Any]
) -> None:
    origin.analytics.events.busy = True
    await page.goto(f"{dashboard}/events")
    await page.get_by_role("link", name="Export all of these as CSV").click()
    await expect(page.get_by_text("try again when one has ended")).to_be_visible()


async def test_what_the_list_shows_is_saved_as_a_file(
    page: Page, origin: FakeOrigin, dashboard: str, link: dict[str, Any]
) -> None:
    origin.click(link, 3, country="FR")
    origin.click(link, 5, country="DE")
    await page.goto(f"{dashboard}/events?country=FR")
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Export all of these as CSV").click()
    file = await waiting.value
    assert file.suggested_filename == "click-events.csv"
    assert (await file.path()).read_text().count("FR") == 3
    await page.goto(f"{dashboard}/links")
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Export as CSV").click()
    assert "spring" in (await (await waiting.value).path()).read_text()


async def test_a_test_of_variants_is_read_at_a_glance(page: Page, origin: FakeOrigin, dashboard: str) -> None:
    urls = ("https://example.com/a", "https://example.com/b")
    link = origin.add_link(urls[0], "tested", testVariants=[{"url": url, "percentage": 50} for url in urls])
    known = {"leads": 9, "sales": 4, "saleAmount": 0, "clicks": 900, "converted": 9}
    rate = {"conversionRate": 0.01, "conversionRateLow": 0.005, "conversionRateHigh": 0.02}
    origin.analytics.results = [{"variant": at, "url": urls[at], "control": not at, **known, **rate} for at in (0, 1)]
    origin.click(link, 3, variant=0)
    origin.click(link, 2, variant=1)
    await page.goto(f"{dashboard}/links/{link['id']}")
    await expect(page.get_by_text("No significant difference yet")).to_be_visible()
    second = page.get_by_role("listitem", name="Variant B")
    await expect(second.get_by_role("img", name="The true rate is between 0.50 % and 2.00 %")).to_be_visible()
    await second.get_by_role("link", name="Figures of variant B alone").click()
    await expect(page.locator("#chart")).to_have_attribute("data-drawn", "2")
    await page.get_by_role("link", name="Without the filter Variant: B").click()
    await expect(page.locator("#chart")).to_have_attribute("data-drawn", "5")


async def test_a_dot_of_the_map_shows_its_city_alone(
    page: Page, origin: FakeOrigin, dashboard: str, link: dict[str, Any]
) -> None:
    origin.click(link, 3)
    await page.goto(f"{dashboard}/analytics")
    land = await page.locator(".map-land").evaluate("each => each.getBoundingClientRect().width")
    assert land > 200  # it was drawn
    await page.locator(".map-dot").click()
    await expect(page.get_by_role("link", name="Without the filter City: Berlin")).to_be_visible()
    await expect(page.get_by_role("table", name="Clicks by weekday and hour")).to_be_visible()


async def test_days_and_filters_are_chosen_by_keyboard_and_escape_puts_them_away(
    page: Page, origin: FakeOrigin, dashboard: str, link: dict[str, Any]
) -> None:
    origin.click(link, 3, country="FR")
    origin.click(link, 1, country="DE")
    await page.goto(f"{dashboard}/analytics")
    await page.locator("summary", has_text="Filter").press("Enter")
    value = page.get_by_label("Value", exact=True)
    await expect(value).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(value).to_be_hidden()
    await expect(page.locator("summary", has_text="Filter")).to_be_focused()
    await page.keyboard.press("Enter")
    await value.fill("france")
    await value.press("Enter")
    await expect(page.locator("#chart")).to_have_attribute("data-drawn", "3")
    await page.get_by_role("link", name="All but Country: France").click()
    await expect(page.locator("#chart")).to_have_attribute("data-drawn", "1")
    await page.get_by_role("link", name="Only Country: France").click()
    await expect(page.locator("#chart")).to_have_attribute("data-drawn", "3")
    await page.locator("summary", has_text="Days").press("Enter")
    await page.get_by_label("From").fill("2026-01-05")
    await page.get_by_label("To").fill("2026-01-06")
    await page.get_by_role("button", name="Show these days").click()
    await expect(page.get_by_text(re.compile("^from 5 Jan 2026 to 6 Jan 2026"))).to_be_visible()
    await expect(page.get_by_role("link", name="Without the filter Country: France")).to_be_visible()


async def test_figures_and_events_work_without_scripts(
    watched: Watched, origin: FakeOrigin, dashboard: str, link: dict[str, Any]
) -> None:
    origin.click(link, 2, country="FR")
    page = await watched.page(java_script_enabled=False)
    await log_in(page, dashboard)
    await page.goto(f"{dashboard}/analytics")
    await page.locator("summary", has_text="Filter").click()
    await page.get_by_label("Value", exact=True).fill("France")
    await page.get_by_role("button", name="Add the filter").click()
    await page.get_by_role("link", name="Languages").click()
    await expect(page.get_by_role("region", name="Languages")).to_be_visible()
    await page.get_by_role("link", name="Events and export").click()
    await expect(page.get_by_role("list", name="Events, the newest first").get_by_role("listitem")).to_have_count(2)
    await expect(page.get_by_role("button", name="Live")).to_have_count(0)  # it could do nothing


async def test_another_list_leaves_the_page_where_it_is(
    page: Page, origin: FakeOrigin, dashboard: str, link: dict[str, Any]
) -> None:
    origin.click(link, 3)
    await page.goto(f"{dashboard}/analytics")
    systems = page.get_by_role("link", name="Systems")
    await systems.scroll_into_view_if_needed()
    before = await page.evaluate("scrollY")
    assert before > 0
    await systems.click()
    await expect(page.get_by_role("link", name="Systems")).to_have_attribute("aria-current", "true")
    assert await page.evaluate("scrollY") == before
    assert "#" not in page.url


async def test_a_row_is_pressed_anywhere_and_the_chart_is_written_in_the_pages_font(
    page: Page, origin: FakeOrigin, dashboard: str, link: dict[str, Any]
) -> None:
    origin.click(link, 3)
    await page.goto(f"{dashboard}/analytics")
    await expect(page.locator("#chart")).to_have_attribute("data-drawn", "3")
    fonts = await page.evaluate(
        """() => [document.fonts.check("12px 'Hanken Grotesk'"),
          getComputedStyle(document.querySelector(".uplot")).fontFamily === getComputedStyle(document.body).fontFamily]"""
    )
    assert fonts == [True, True]
    row = page.get_by_role("region", name="Countries").get_by_role("listitem")
    box = await row.bounding_box()
    assert box
    assert box["height"] >= 24
    await row.click(position={"x": box["width"] * 0.7, "y": box["height"] / 2})
    await expect(page.get_by_role("link", name="Without the filter Country: Germany")).to_be_visible()
