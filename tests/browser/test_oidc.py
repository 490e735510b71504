"""Logging in with a real provider of OpenID Connect, through the dashboard, checked by a real origin."""

from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from dashboard.app import create_app
from dashboard.settings import DashboardSettings
from tests.browser.conftest import Watched
from tests.browser.serving import served
from tests.conftest import unused_port
from tests.integration.origin.served import Served
from tests.letters import new_email
from tests.oidc_provider import real_provider, setting


@pytest.fixture
def dashboard(assets: None, postgres_url: str) -> Iterator[str]:
    """A dashboard over an origin that knows a provider."""
    port = unused_port()
    url = f"http://localhost:{port}"
    with (
        real_provider(f"{url}/login/oidc/acme") as issuer,
        Served(postgres_url, dashboard_url=url, oidc_providers=setting(issuer)) as origin,
    ):
        settings = DashboardSettings(secret_key="k" * 32, origin_url=origin.url.removesuffix("/api/v1"))
        with served(create_app(settings), port):
            yield url


async def test_a_newcomer_gets_in_by_a_provider_and_a_change_of_mind_is_no_harm(
    watched: Watched, dashboard: str
) -> None:
    page = await watched.page()
    # The provider's own page wants a font from elsewhere.
    await page.route("https://fonts.googleapis.com/**", lambda route: route.fulfill(body="", content_type="text/css"))
    await page.goto(f"{dashboard}/login?next=/api-keys")
    await page.get_by_role("link", name="Log in with Acme").click()
    await page.get_by_role("link", name="Cancel").click()
    await expect(page.get_by_role("status").filter(has_text="did not let you in")).to_be_visible()
    await page.get_by_role("link", name="Log in with Acme").click()
    email = new_email()
    await page.get_by_placeholder("Enter any login").fill(email)
    await page.get_by_placeholder("and password").fill("any")
    await page.get_by_role("button", name="Sign-in").click()
    await page.get_by_role("button", name="Continue").click()
    await expect(page).to_have_url(f"{dashboard}/api-keys")
    await page.goto(f"{dashboard}/security")
    await expect(page.get_by_role("heading", name="Linked providers")).to_be_visible()
    await expect(page.get_by_role("listitem").filter(has_text=email)).to_be_visible()
