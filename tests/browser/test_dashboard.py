"""The main ways through the dashboard, as a person goes them."""

import re

import pytest
from playwright.async_api import Page, expect

from dashboard.origin_fake import EMAIL, PASSWORD, FakeOrigin
from tests.browser.conftest import Watched, log_in


async def test_an_address_is_shortened_copied_and_found_again(page: Page, origin: FakeOrigin) -> None:
    await page.get_by_label("Address to shorten").fill("https://example.com/a/long/way")
    await page.get_by_role("button", name="Shorten").click()
    await expect(page.get_by_role("status").filter(has_text="Link created")).to_be_visible()
    (link,) = origin.links.values()
    await page.get_by_role("button", name="Copy short link").click()
    await expect(page.get_by_role("button", name="Copy short link")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == link["shortLink"]
    await page.get_by_role("link", name="Links", exact=True).first.click()
    await expect(page.get_by_role("row").filter(has_text="example.com/a/long/way")).to_be_visible()


async def test_a_wrong_value_is_marked_at_its_field_and_can_be_mended(page: Page, origin: FakeOrigin) -> None:
    await page.get_by_role("link", name="New link").click()
    field = page.get_by_label("Destination", exact=True)
    await field.fill("javascript:alert(1)")
    await page.get_by_role("textbox", name="Title").fill("Kept")
    await page.get_by_role("button", name="Create link").click()
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_have_accessible_description(re.compile("Enter a complete address that begins with http"))
    await expect(page.get_by_role("textbox", name="Title")).to_have_value("Kept")
    await field.fill("https://example.com/")
    await page.get_by_role("button", name="Create link").click()
    await expect(page).to_have_url(re.compile(r"/links/link_\d+$"))
    assert [link["title"] for link in origin.links.values()] == ["Kept"]


async def test_a_link_is_edited_and_deleted(page: Page, origin: FakeOrigin, dashboard: str) -> None:
    link = origin.add_link("https://example.com/old", "code")
    await page.goto(f"{dashboard}/links/{link['id']}")
    await page.get_by_role("link", name="Edit").click()
    await page.get_by_label("Destination", exact=True).fill("https://example.com/new")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("link", name="https://example.com/new")).to_be_visible()
    await page.get_by_role("link", name="Delete").click()
    await page.get_by_role("button", name="Delete link").click()
    await expect(page.get_by_role("status").filter(has_text="Link deleted")).to_be_visible()
    assert not origin.links


async def test_the_list_follows_the_typing_and_so_does_the_address(
    page: Page, origin: FakeOrigin, dashboard: str
) -> None:
    for name in ("apples", "pears", "plums"):
        origin.add_link(f"https://example.com/{name}", name)
    await page.goto(f"{dashboard}/links")
    await page.get_by_role("searchbox").press_sequentially("pear")
    await expect(page.get_by_role("row")).to_have_count(2)  # the head and the one
    await expect(page.get_by_role("row").last).to_contain_text("pears")
    await expect(page).to_have_url(f"{dashboard}/links?search=pear")
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await page.reload()
    await expect(page.get_by_role("row")).to_have_count(2)


async def test_search_and_forms_work_without_scripts(watched: Watched, origin: FakeOrigin, dashboard: str) -> None:
    page = await watched.page(java_script_enabled=False)
    await log_in(page, dashboard)
    for name in ("apples", "pears"):
        await page.get_by_label("Address to shorten").fill(f"https://example.com/{name}")
        await page.get_by_role("button", name="Shorten").click()
        await page.goto(f"{dashboard}/links")
    await page.get_by_role("searchbox").fill("pears")
    await page.get_by_role("searchbox").press("Enter")
    await expect(page.get_by_role("row")).to_have_count(2)
    await page.get_by_role("link", name=re.compile("^localhost:8787")).click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("localhost:8787/")
    await expect(page.get_by_role("button", name="Copy")).to_have_count(0)  # it could do nothing


async def test_a_click_shows_on_the_open_page(page: Page, origin: FakeOrigin, dashboard: str) -> None:
    link = origin.add_link("https://example.com/", "code")
    await page.goto(f"{dashboard}/links/{link['id']}")
    chart = page.locator("#chart")
    await expect(chart).to_have_attribute("data-drawn", "0")
    await expect(chart.locator("canvas")).to_be_visible()
    await page.get_by_text("The numbers as a table").click()
    origin.click(link, 3, country="FR")
    link["edge"] = {"state": "live"}
    await expect(page.locator("#count")).to_have_text("3")
    await expect(chart).to_have_attribute("data-drawn", "3")
    await expect(page.get_by_role("link", name="France", exact=True)).to_be_visible()
    await expect(page.get_by_text("Live at the edge")).to_be_visible()
    await expect(page.get_by_role("region", name="Clicks over time as a table")).to_be_visible()  # still open
    assert await chart.locator("canvas").count() == 1


async def test_the_chart_has_ink_where_the_clicks_are(page: Page, origin: FakeOrigin, dashboard: str) -> None:
    link = origin.add_link("https://example.com/", "code")
    ink = """canvas => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let at = 3; at < data.length; at += 4) count += data[at] > 200;
        return count;
    }"""
    await page.goto(f"{dashboard}/links/{link['id']}")
    empty = await page.locator("#chart canvas").evaluate(ink)
    origin.click(link, 50)
    await page.reload()
    await expect(page.locator("#chart")).to_have_attribute("data-drawn", "50")
    assert await page.locator("#chart canvas").evaluate(ink) > empty + 1000


async def test_a_page_that_cannot_update_says_so_until_it_can(page: Page, origin: FakeOrigin, dashboard: str) -> None:
    link = origin.add_link("https://example.com/", "code")
    await page.goto(f"{dashboard}/links/{link['id']}")
    problem = page.get_by_text("Not up to date: trying again")
    await expect(problem).to_be_hidden()
    origin.down = True
    await expect(problem).to_be_visible()
    await expect(page.locator("#count")).to_have_text("0")  # what was known stays
    origin.down = False
    await expect(problem).to_be_hidden()


async def test_the_page_for_a_missing_origin_comes_back_by_itself(
    page: Page, origin: FakeOrigin, dashboard: str
) -> None:
    origin.down = True
    await page.goto(f"{dashboard}/links")
    await expect(page.get_by_role("heading", name="API does not answer")).to_be_visible()
    origin.down = False
    await expect(page.get_by_role("heading", name="Links")).to_be_visible()


async def test_an_api_key_is_shown_once(page: Page, origin: FakeOrigin) -> None:
    await page.get_by_role("link", name="API keys").click()
    await page.get_by_label("Name").fill("Script")
    await page.get_by_role("button", name="Create key").click()
    (key,) = origin.keys.values()
    await expect(page.locator("#new-key")).to_have_text(key["key"])
    await page.get_by_role("button", name="Copy API key").click()
    await expect(page.locator("#announcer")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == key["key"]
    await page.get_by_role("link", name="API keys").click()
    await expect(page.get_by_role("row").filter(has_text="Script")).to_be_visible()
    assert key["key"] not in await page.content()


async def test_everything_can_be_reached_by_keyboard(watched: Watched, origin: FakeOrigin, dashboard: str) -> None:
    page = await watched.page()
    await page.goto(f"{dashboard}/login")
    await expect(page.get_by_label("E-mail")).to_be_focused()
    for text, key in ((EMAIL, "Tab"), (PASSWORD, "Enter")):
        await page.keyboard.type(text)
        await page.keyboard.press(key)
    await expect(page).to_have_url(f"{dashboard}/links")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await _tab_to(page, "Address to shorten")
    await page.keyboard.type("https://example.com/")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/links/link_"))
    await _tab_to(page, "Copy short link")
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"


async def _tab_to(page: Page, name: str, most: int = 25) -> None:
    """Press Tab until the thing of this name has the focus."""
    wanted = page.get_by_label(name)
    for _ in range(most):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"{name} is not within {most} presses of Tab")


async def test_the_theme_follows_the_system_until_one_chooses(watched: Watched, dashboard: str) -> None:
    page = await watched.page(color_scheme="dark")
    await log_in(page, dashboard)
    assert await _is_dark(page)
    await page.get_by_role("button", name="Switch between light and dark").click()
    assert not await _is_dark(page)
    await page.reload()
    assert not await _is_dark(page)
    assert await page.locator("html").get_attribute("data-theme") == "nearhop"


async def _is_dark(page: Page) -> bool:
    return bool(await page.evaluate("getComputedStyle(document.documentElement).colorScheme === 'dark'"))


async def test_the_link_of_a_letter_opens_the_account(watched: Watched, origin: FakeOrigin, dashboard: str) -> None:
    token = origin.accounts.write("register", "ada@example.com", password="a long enough one")
    page = await watched.page()
    await page.goto(f"{dashboard}/verify-email#{token}")
    button = page.get_by_role("button", name="Open my account")
    await expect(button).to_be_focused()
    await expect(page.get_by_label("Code of the letter")).to_be_hidden()
    await expect(page).to_have_url(f"{dashboard}/verify-email")  # the token is not left in the history
    assert "ada@example.com" not in origin.accounts.passwords, "opening the link alone must not use it up"
    await button.click()
    await expect(page.get_by_role("status").filter(has_text="your account is open")).to_be_visible()
    assert "ada@example.com" in origin.accounts.passwords


async def test_the_link_of_a_letter_is_pasted_without_scripts(
    watched: Watched, origin: FakeOrigin, dashboard: str
) -> None:
    token = origin.accounts.write("reset", EMAIL)
    page = await watched.page(java_script_enabled=False)
    await page.goto(f"{dashboard}/reset-password#{token}")
    await page.get_by_label("Code of the letter").fill(page.url)
    await page.get_by_label("New password").fill("short")
    await page.get_by_role("button", name="Set the password").click()
    await expect(page.get_by_label("New password")).to_have_accessible_description(re.compile("8 to 256 characters"))
    await page.get_by_label("New password").fill("a long enough one")
    await page.get_by_role("button", name="Set the password").click()
    await expect(page).to_have_url(f"{dashboard}/login")
    assert origin.accounts.passwords[EMAIL] == "a long enough one"


async def test_the_figures_of_the_workspace_are_narrowed_down(page: Page, origin: FakeOrigin) -> None:
    link, other = origin.add_link("https://example.com/", "one"), origin.add_link("https://example.com/2", "two")
    origin.click(link, 3, country="DE")
    origin.click(other, 2, country="FR")
    await page.get_by_role("link", name="Analytics").click()
    await expect(page.locator("#chart")).to_have_attribute("data-drawn", "5")
    await page.get_by_role("link", name="France").click()
    await expect(page.locator("#chart")).to_have_attribute("data-drawn", "2")
    await expect(page.get_by_role("region", name="Links")).to_contain_text("localhost:8787/two")
    await page.get_by_role("link", name="Without the filter Country: France").click()
    await page.get_by_role("link", name="Last 24 hours").click()
    await expect(page.locator("#chart")).to_have_attribute("data-drawn", "5")
    origin.click(link)
    await expect(page.locator("#chart")).to_have_attribute("data-drawn", "6")  # by itself


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
async def test_the_menu_of_a_phone_holds_every_page_and_opens_by_keyboard(
    watched: Watched, dashboard: str, scripts: bool
) -> None:
    page = await watched.page(viewport={"width": 360, "height": 640}, java_script_enabled=scripts)
    await log_in(page, dashboard)
    settings = page.get_by_role("link", name="Settings")
    await expect(settings).to_be_hidden()
    await page.get_by_text("Menu", exact=True).focus()
    await page.keyboard.press("Enter")
    for name in ("Links", "Analytics", "API keys", "Members", "Audit log", "Settings", "Security"):
        await expect(page.get_by_role("link", name=name, exact=True)).to_be_in_viewport(ratio=1)
    await expect(page.get_by_role("button", name="Log out", exact=True)).to_be_in_viewport(ratio=1)
    if scripts:
        await page.keyboard.press("Escape")
        await expect(settings).to_be_hidden()
        await expect(page.get_by_text("Menu", exact=True)).to_be_focused()
        await page.keyboard.press("Enter")
    await settings.focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{dashboard}/settings")
    await expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
