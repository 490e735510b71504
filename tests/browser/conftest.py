"""The pages in a real Chromium: the dashboard over an origin in memory, and the website."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from dashboard.app import create_app
from dashboard.origin_fake import EMAIL, PASSWORD, FakeOrigin
from dashboard.settings import DashboardSettings
from landing.app import create_app as create_landing
from landing.settings import LandingSettings
from tests.browser.chromium import launched
from tests.browser.serving import served

# Chromium reports each answer of 400 and more as an error; the tests themselves look at those.
_STATUS = "Failed to load resource"
BUILD_SECONDS = 120
# Longer than the slowest thing that a page does by itself, the five seconds of a page that tries again.
WAIT_MS = 20_000
expect.set_options(timeout=WAIT_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def assets() -> None:
    """The built styles and scripts, as `make assets` makes them."""
    subprocess.run(["sh", "deploy/local/build_assets.sh"], check=True, timeout=BUILD_SECONDS)


@pytest.fixture
def origin() -> FakeOrigin:
    return FakeOrigin()


@pytest.fixture
def dashboard(assets: None, origin: FakeOrigin) -> Iterator[str]:
    """The dashboard's base URL."""
    with served(create_app(DashboardSettings(secret_key="k" * 32), httpx.ASGITransport(origin.app))) as url:
        yield url


@pytest.fixture
def website(assets: None) -> Iterator[str]:
    """The website's base URL."""
    with served(create_landing(LandingSettings())) as url:
        yield url


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with launched() as started:
        yield started


@dataclass
class Watched:
    """Opens pages, and remembers what the browser complained of."""

    browser: Browser
    complaints: list[str] = field(default_factory=list)

    async def context(self, **options: object) -> BrowserContext:
        settings = {"viewport": {"width": 1280, "height": 860}, "timezone_id": "Europe/Berlin", **options}
        context = await self.browser.new_context(**settings)  # type: ignore[arg-type]  # Playwright's own options
        context.set_default_timeout(WAIT_MS)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        return context

    async def page(self, **options: object) -> Page:
        return await (await self.context(**options)).new_page()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_STATUS):
            self.complaints.append(message.text)


@pytest.fixture
async def watched(browser: Browser) -> AsyncIterator[Watched]:
    """Every test that uses this fails on an error in the console, a broken policy included."""
    each = Watched(browser)
    yield each
    assert each.complaints == []


async def log_in(page: Page, dashboard: str) -> None:
    await page.goto(f"{dashboard}/login")
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in", exact=True).click()
    await expect(page).to_have_url(f"{dashboard}/links")


@pytest.fixture
async def page(watched: Watched, dashboard: str) -> Page:
    """A page of the dashboard, logged in."""
    opened = await watched.page(permissions=["clipboard-read", "clipboard-write"])
    await log_in(opened, dashboard)
    return opened
