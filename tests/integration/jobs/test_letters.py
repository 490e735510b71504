"""From a call of the API to a letter at a real SMTP server, and back by the link in it."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.jobs.tasks import tasks_of
from origin.jobs.worker import Worker
from origin.mail.post import Smtp, read_sender
from origin.settings import OriginSettings
from origin.storage.engine import make_engine
from tests.factories import new_account
from tests.integration.jobs.smtp_server import Inbox, smtp_server
from tests.letters import PASSWORD, new_email
from tests.origin_app import SECRET_KEY, make_app, make_client

DASHBOARD = "https://app.example.com"


@pytest.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    made = make_engine(postgres_url)
    yield made
    await made.dispose()


@contextlib.asynccontextmanager
async def posting(url: str, engine: AsyncEngine, port: int) -> AsyncIterator[Inbox]:
    """The jobs process's worker and an SMTP server that it sends to."""
    settings = OriginSettings(database_url=url, secret_key=SECRET_KEY, dashboard_url=DASHBOARD)
    post = Smtp(f"smtp://127.0.0.1:{port}", read_sender("Nearhop <hello@nearhop.example>"))
    with smtp_server(port) as inbox:
        running = asyncio.create_task(Worker(url, tasks_of(settings, engine, post)).run())
        try:
            yield inbox
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running


async def link_in(inbox: Inbox, email: str, page: str) -> str:
    """The token of the link to a page of the dashboard in the letter that arrived for an address."""
    async with asyncio.timeout(30):
        while not (found := [each for each in inbox.letters if each["To"] == email]):
            await asyncio.sleep(0.05)
    body = found[-1].get_body(("plain",))
    assert body is not None
    link = re.search(rf"{DASHBOARD}{page}#(\S+)", body.get_content())
    assert link, body.get_content()
    return link[1]


async def test_letters_that_the_api_queues_arrive_and_their_links_work(
    engine: AsyncEngine, postgres_url: str, free_port: Callable[[], int]
) -> None:
    owner = await new_account(engine)
    app = make_app(engine)
    path = f"/api/v1/workspaces/{owner.workspace_id}"
    async with posting(postgres_url, engine, free_port()) as inbox, make_client(app, owner.api_key) as api:
        email = new_email()
        invited = await api.post(f"{path}/invitations", json={"email": email, "role": "admin"})
        assert invited.status_code == 201
        token = await link_in(inbox, email, "/invitation")
        async with make_client(app) as browser:
            body = {"token": token, "password": PASSWORD, "name": "Grace"}
            assert (await browser.post("/api/v1/invitations/register", json=body)).status_code == 201
            other = new_email()
            await browser.post("/api/v1/auth/register", json={"email": other, "password": PASSWORD})
            body = {"token": await link_in(inbox, other, "/verify-email")}
            assert (await browser.post("/api/v1/auth/verify", json=body)).status_code == 201
        members = (await api.get(f"{path}/members")).json()
        assert {each["email"]: each["role"] for each in members} == {owner.email: "owner", email: "admin"}
