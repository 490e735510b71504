"""The dashboard over an origin in memory: no network, no browser."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from starlette.applications import Starlette

from dashboard.app import create_app
from dashboard.origin_fake import EMAIL, PASSWORD, FakeOrigin
from dashboard.settings import DashboardSettings

BASE = "http://dashboard.test"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Reader:
    """A browser without scripts: it keeps cookies and sends the CSRF token of the page that it is on."""

    http: httpx.AsyncClient

    async def get(self, path: str, **options: object) -> httpx.Response:
        return await self.http.get(path, **options)  # type: ignore[arg-type]  # passed on as it is

    async def send(self, page: str, fields: dict[str, str], action: str = "") -> httpx.Response:
        """Open the page, fill in its form, send it."""
        token = _TOKEN.search((await self.get(page)).text)
        assert token, f"{page} has no form"
        return await self.http.post(action or page, data={**fields, "csrf_token": token[1]})

    async def log_in(self) -> httpx.Response:
        return await self.send("/login", {"email": EMAIL, "password": PASSWORD})


@pytest.fixture
def origin() -> FakeOrigin:
    return FakeOrigin()


@pytest.fixture
def app(origin: FakeOrigin) -> Starlette:
    return create_app(DashboardSettings(secret_key="k" * 32), httpx.ASGITransport(origin.app))


@pytest.fixture
async def stranger(app: Starlette) -> AsyncIterator[Reader]:
    """Somebody who has not logged in."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as http:
        yield Reader(http)


@pytest.fixture
async def reader(stranger: Reader) -> Reader:
    """Somebody who has."""
    assert (await stranger.log_in()).status_code == 303
    return stranger
