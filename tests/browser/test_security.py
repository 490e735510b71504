"""How one gets in, in a real browser."""

from playwright.async_api import Page, expect

from dashboard.origin_fake import EMAIL, PASSWORD, FakeOrigin
from dashboard.origin_fake_security import CODE, SECRET
from tests.browser.conftest import Watched


async def test_an_app_is_set_up_and_asked_for_by_keyboard_alone(
    page: Page, watched: Watched, origin: FakeOrigin, dashboard: str
) -> None:
    await page.goto(f"{dashboard}/security/second-factor")
    await expect(page.get_by_label("Password")).to_be_focused()
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("#totp-secret")).to_have_text(SECRET)
    shown = await page.get_by_role("img", name="QR code").evaluate("image => image.naturalWidth")
    assert shown > 0, "the policy must let the image in"
    await expect(page.get_by_label("Code", exact=True)).to_be_focused()
    await page.keyboard.type(CODE)
    await page.keyboard.press("Enter")
    await expect(page.locator("#recovery-codes li")).to_have_count(10)
    await page.get_by_role("button", name="Copy the recovery codes").click()
    await expect(page.locator("#announcer")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == "\n".join(origin.security.recovery_codes)
    other = await watched.page()
    await other.goto(f"{dashboard}/login")
    for text, key in ((EMAIL, "Tab"), (PASSWORD, "Enter")):
        await other.keyboard.type(text)
        await other.keyboard.press(key)
    await expect(other.get_by_label("Code")).to_be_focused()
    await other.keyboard.type(origin.security.recovery_codes[0])
    await other.keyboard.press("Enter")
    await expect(other).to_have_url(f"{dashboard}/links")
    assert len(origin.security.recovery_codes) == 9


async def test_the_second_factor_works_without_scripts(watched: Watched, origin: FakeOrigin, dashboard: str) -> None:
    origin.accounts.second_factor = True
    page = await watched.page(java_script_enabled=False)
    await page.goto(f"{dashboard}/login")
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in", exact=True).click()
    await page.get_by_label("Code").fill(CODE)
    await page.get_by_role("button", name="Log in", exact=True).click()
    await expect(page).to_have_url(f"{dashboard}/links")
