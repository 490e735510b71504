"""Passkeys in a real browser with a virtual authenticator, through the dashboard, checked by a real origin."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from playwright.async_api import CDPSession, Page, expect

from dashboard.app import create_app
from dashboard.settings import DashboardSettings
from tests.browser.conftest import Watched
from tests.browser.serving import served
from tests.conftest import unused_port
from tests.integration.origin.served import Served
from tests.letters import PASSWORD, new_email, register_at
from tests.origin_app import SECRET_KEY


@dataclass
class Site:
    """A dashboard over an origin, and somebody's account there."""

    url: str
    email: str
    api: httpx.Client


@pytest.fixture
def site(assets: None, postgres_url: str) -> Iterator[Site]:
    port = unused_port()
    with Served(postgres_url, dashboard_url=f"http://localhost:{port}") as origin:
        base = origin.url.removesuffix("/api/v1")
        settings = DashboardSettings(secret_key="k" * 32, origin_url=base)
        with served(create_app(settings), port) as url, httpx.Client(base_url=origin.url) as api:
            email = new_email()
            register_at(api, postgres_url, SECRET_KEY, email)
            yield Site(url, email, api)


@pytest.fixture
async def page(watched: Watched) -> Page:
    return await watched.page()


async def authenticator(page: Page, *, verified: bool = True) -> tuple[CDPSession, str]:
    """A device with a fingerprint reader, which says yes; its session and its id."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": verified,
        "automaticPresenceSimulation": True,
    }
    made = await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


async def log_in(page: Page, site: Site) -> None:
    await page.goto(f"{site.url}/login")
    await page.get_by_label("E-mail").fill(site.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in", exact=True).click()
    await expect(page).to_have_url(f"{site.url}/links")


async def add_passkey(page: Page, site: Site, name: str = "Laptop") -> None:
    await page.goto(f"{site.url}/security/passkeys/new")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_label("Name").fill(name)
    await page.get_by_role("button", name="Make it on this device").click()
    await expect(page.get_by_role("status").filter(has_text="Passkey added")).to_be_visible()


async def log_out(page: Page) -> None:
    await page.get_by_role("button", name="Log out", exact=True).click()
    await expect(page.get_by_role("heading", name="Log in")).to_be_visible()


async def test_a_passkey_is_added_used_renamed_and_deleted(page: Page, site: Site) -> None:
    await authenticator(page)
    await log_in(page, site)
    await add_passkey(page, site)
    await log_out(page)
    await page.get_by_role("button", name="Log in with a passkey").click()
    await page.get_by_role("button", name="Use the passkey").click()
    await expect(page).to_have_url(f"{site.url}/links")
    await page.goto(f"{site.url}/security")
    await page.get_by_role("link", name="Rename or delete Laptop").click()
    await page.get_by_label("Name").fill("My old laptop")
    await page.get_by_role("button", name="Rename").click()
    await page.get_by_role("link", name="Rename or delete My old laptop").click()
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Delete the passkey").click()
    await expect(page.get_by_role("status").filter(has_text="Passkey deleted")).to_be_visible()
    await log_out(page)
    await page.get_by_role("button", name="Log in with a passkey").click()
    await page.get_by_role("button", name="Use the passkey").click()
    await expect(page.get_by_role("status").filter(has_text="opens no account here")).to_be_visible()


async def test_a_device_says_that_it_has_one_already(page: Page, site: Site) -> None:
    await authenticator(page)
    await log_in(page, site)
    await add_passkey(page, site)
    await page.goto(f"{site.url}/security/passkeys/new")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_role("button", name="Make it on this device").click()
    await expect(page.get_by_role("alert")).to_have_text("This device has a passkey for your account already.")


async def test_a_finger_that_is_not_the_owners_is_said_and_can_be_tried_again(page: Page, site: Site) -> None:
    session, device = await authenticator(page)
    await log_in(page, site)
    await add_passkey(page, site)
    await log_out(page)
    await session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    await page.get_by_role("button", name="Log in with a passkey").click()
    await page.get_by_role("button", name="Use the passkey").click()
    await expect(page.get_by_role("alert")).to_contain_text("Try once more")
    await session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})
    await page.get_by_role("button", name="Use the passkey").click()
    await expect(page).to_have_url(f"{site.url}/links")


async def test_a_passkey_that_was_copied_is_refused(page: Page, site: Site) -> None:
    session, device = await authenticator(page)
    await log_in(page, site)
    await add_passkey(page, site)
    (credential,) = (await session.send("WebAuthn.getCredentials", {"authenticatorId": device}))["credentials"]
    for counter in (50, 7):
        await session.send(
            "WebAuthn.removeCredential", {"authenticatorId": device, "credentialId": credential["credentialId"]}
        )
        copy = {**credential, "signCount": counter}
        await session.send("WebAuthn.addCredential", {"authenticatorId": device, "credential": copy})
        await log_out(page)
        await page.get_by_role("button", name="Log in with a passkey").click()
        await page.get_by_role("button", name="Use the passkey").click()
        if counter == 50:
            await expect(page).to_have_url(f"{site.url}/links")
    await expect(page.get_by_role("status").filter(has_text="used by somebody else")).to_be_visible()
