"""Every operation that changes something leaves an entry in the audit log, or has a reason why not.

The calls are in audit_calls.py. tests/unit/origin/test_audit_lists.py fails for a new operation that is in neither list.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin.app import create_app
from origin.bootstrap import bootstrap
from origin.clicks.settings import ClickSettings
from origin.openapi import Operation, operations
from origin.settings import OriginSettings
from origin.storage.tables import audit_logs
from tests.factories import new_account
from tests.integration.origin.audit_calls import CALLS
from tests.integration.origin.audit_world import World
from tests.integration.origin.dns_server import DnsServer, serving
from tests.letters import database_url
from tests.origin_app import API_URL, EDGE_SECRET, SECRET_KEY

READING = {"GET", "HEAD", "OPTIONS"}


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with serving() as server:
        yield server


@pytest.fixture
async def app(engine: AsyncEngine, tmp_path: Path, dns: DnsServer) -> AsyncIterator[Starlette]:
    settings = OriginSettings(
        home=tmp_path, database_url=database_url(engine), secret_key=SECRET_KEY, edge_secret=EDGE_SECRET,
        dns_servers=(dns.address,),
    )  # fmt: skip
    origin = bootstrap(settings, ClickSettings())
    yield create_app(origin)
    await origin.accounts.apart.dispose()


@pytest.fixture
async def world(app: Starlette, engine: AsyncEngine) -> AsyncIterator[World]:
    transport = httpx.ASGITransport(app)
    headers = {"User-Agent": "a browser"}
    async with httpx.AsyncClient(transport=transport, base_url=API_URL, headers=headers) as client:
        yield World(app, engine, await new_account(engine), client)
    await app.state.limiter.close()
    await app.state.engine.dispose()


def changing(app: Starlette) -> list[Operation]:
    return [each for each in operations(app.routes) if each.method not in READING]


async def test_every_change_leaves_an_entry_that_says_who_and_from_where_and_tells_no_secret(
    app: Starlette, world: World
) -> None:
    for each in changing(app):
        if each.id not in CALLS:
            continue
        world.owner = await new_account(world.engine)  # anew: some calls end the membership, or the workspace
        world.client.headers["Authorization"] = f"Bearer {world.owner.api_key}"
        answered = await CALLS[each.id](world)
        assert answered.is_success, (each.id, answered.text)
        entries = await entries_of(world, answered.headers["X-Request-Id"])
        assert entries, f"{each.id} leaves nothing in the audit log: see origin/audit/trail.py"
        for entry in entries:
            assert entry.user_id is not None, each.id
            assert entry.actor_type in {"user", "api_key"}, each.id
            assert entry.address == "127.0.0.1", each.id
            assert entry.user_agent == "a browser", each.id
            assert entry.resource_type == entry.action.partition(".")[0]
            assert entry.before is None or entry.before != entry.after or "password" in entry.before
            told = repr(tuple(entry))
            assert not [secret for secret in world.secrets if secret in told], each.id
            assert "$argon2" not in told
            assert "scrypt" not in told


async def entries_of(world: World, request_id: str) -> list[Any]:
    async with world.engine.connect() as connection:
        select = sa.select(audit_logs).where(audit_logs.c.request_id == request_id)
        return list((await connection.execute(select)).all())
