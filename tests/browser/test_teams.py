"""Members, invitations, settings and the audit log, as people use them."""

import re

from playwright.async_api import Page, expect

from dashboard.origin_fake import EMAIL, FakeOrigin
from tests.browser.conftest import Watched, log_in

NEW = "ada@example.com"


async def test_an_invitation_goes_from_the_members_page_to_whoever_accepts_it(
    watched: Watched, page: Page, origin: FakeOrigin, dashboard: str
) -> None:
    await page.get_by_role("link", name="Members").click()
    await page.get_by_label("E-mail").fill(NEW)
    await page.get_by_label("Role", exact=True).select_option("admin")
    await page.get_by_role("button", name="Invite").click()
    await expect(page.get_by_role("status").filter(has_text="on its way to ada@example.com")).to_be_visible()
    theirs = await watched.page()
    await theirs.goto(f"{dashboard}/invitation#{origin.teams.letters[NEW]}")
    await expect(theirs).to_have_url(f"{dashboard}/invitation")  # the token is not left in the history
    await theirs.get_by_role("button", name="See the invitation").click()
    await expect(theirs.get_by_role("heading", name="Join Local")).to_be_visible()
    assert NEW not in origin.teams.members["ws_1"], "looking at it must not accept it"
    await theirs.get_by_label("Password").fill("a long enough one")
    await theirs.get_by_role("button", name="Open an account and accept").click()
    await expect(theirs.get_by_role("status").filter(has_text="Welcome to Local")).to_be_visible()
    assert origin.teams.members["ws_1"][NEW] == "admin"
    await page.reload()
    await expect(page.get_by_label(f"Role of {NEW}", exact=True)).to_have_value("admin")
    await page.get_by_label(f"Role of {NEW}", exact=True).select_option("viewer")
    await page.get_by_role("button", name=f"Change the role of {NEW}").click()
    await expect(page.get_by_label(f"Role of {NEW}", exact=True)).to_have_value("viewer")
    await page.get_by_role("link", name=f"Remove {NEW}").click()
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("status").filter(has_text="Removed")).to_be_visible()
    assert NEW not in origin.teams.members["ws_1"]


async def test_an_invitation_is_accepted_by_keyboard_and_without_scripts(
    watched: Watched, origin: FakeOrigin, dashboard: str
) -> None:
    other = origin.teams.add_workspace("Other", NEW)
    origin.accounts.passwords[NEW] = "a long enough one"
    page = await watched.page(java_script_enabled=False)
    origin.teams.invitations["inv_1"] = {
        "id": "inv_1", "workspace": other["id"], "email": EMAIL, "role": "member",
        "createdAt": "2026-01-01T00:00:00Z", "expiresAt": "2126-01-01T00:00:00Z",
    }  # fmt: skip
    origin.teams.letters[EMAIL] = "the-token"
    await page.goto(f"{dashboard}/invitation#the-token")
    await page.get_by_label("Code of the letter").fill(page.url)
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="Log in to accept").click()
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password").fill("correct horse battery")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Accept").press("Enter")
    await expect(page.get_by_role("link", name="Workspace Other: choose another")).to_be_visible()
    assert origin.teams.members[other["id"]][EMAIL] == "member"


async def test_a_workspace_is_set_up_and_deleted_with_its_name_typed(
    page: Page, origin: FakeOrigin, dashboard: str
) -> None:
    await page.goto(f"{dashboard}/settings")
    await page.get_by_label("Name").fill("Better")
    await page.get_by_label("Redirect status").select_option("308")
    await page.get_by_label("Web origins").fill("nothing")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("Web origins")).to_have_accessible_description(re.compile("is not an origin"))
    await page.get_by_label("Web origins").fill("https://app.example.com")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status").filter(has_text="Settings saved")).to_be_visible()
    assert origin.teams.workspaces["ws_1"]["allowedOrigins"] == ["https://app.example.com"]
    await page.get_by_role("link", name="Delete the workspace").click()
    await page.get_by_role("button", name="Delete the workspace").click()
    await expect(page.get_by_label("Slug of the workspace")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("Slug of the workspace").fill(origin.teams.workspaces["ws_1"]["slug"])
    await page.get_by_role("button", name="Delete the workspace").click()
    await expect(page.get_by_text("You are in no workspace")).to_be_visible()


async def test_the_log_is_filtered_and_opened(watched: Watched, origin: FakeOrigin, dashboard: str) -> None:
    origin.teams.log("ws_1", "link.update", "go/abc", before={"title": "Old"}, after={"title": "New"})
    origin.teams.log("ws_1", "tag.create", "a tag", after={"name": "a tag"})
    page = await watched.page(viewport={"width": 375, "height": 780})
    await log_in(page, dashboard)
    await page.get_by_text("Menu", exact=True).click()
    await page.get_by_role("link", name="Audit log").click()
    await expect(page.locator("summary").filter(has_text="a tag")).to_be_visible()
    await page.get_by_label("What").select_option("link")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("summary").filter(has_text="a tag")).to_have_count(0)
    await page.locator("summary").filter(has_text="changed the link go/abc: title").click()
    await expect(page.get_by_role("deletion")).to_have_text("before: Old")
    await expect(page.get_by_role("insertion")).to_have_text("after: New")
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="Export as CSV").click()
    assert (await downloading.value).suggested_filename == "audit-log.csv"
