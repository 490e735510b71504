"""Calls that lock the same rows in other orders: Postgres ends one of them, and both are answered well."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from origin import ids
from origin.api import answer, route
from origin.app import assemble
from origin.links import tree
from origin.links.tree import Place
from origin.openapi import Operation
from origin.storage.engine import make_engine
from origin.storage.tables import links
from origin.storage.tables import tags as tags_table
from origin.storage.transaction import transaction
from origin.tags import service as tags
from origin.tags.model import TagFields
from tests.factories import Account
from tests.origin_app import make_client

URL = "https://example.com/"
LINKS = "/api/v1/links"
CARRIES = {"forwardPath": True}
_DEADLOCK = sa.text("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$")
_WAITERS = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
async def other(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    """Connections of somebody else."""
    made = make_engine(postgres_url)
    yield made
    await made.dispose()


def done_again() -> float:
    return REGISTRY.get_sample_value("nearhop_transactions_again_total") or 0.0


async def make(api: httpx.AsyncClient, key: str, **fields: Any) -> str:
    return str((await api.post(LINKS, json={"url": URL, "key": key, **fields})).json()["id"])


@asynccontextmanager
async def held(other: AsyncEngine, link_id: str) -> AsyncIterator[None]:
    """A link's row, locked by somebody else."""
    async with other.begin() as connection:
        await connection.execute(
            sa.select(links.c.id).where(links.c.id == ids.parse(ids.LINK, link_id)).with_for_update()
        )
        yield


@asynccontextmanager
async def held_below(other: AsyncEngine, key: str) -> AsyncIterator[None]:
    """The codes below a link's, as held by who makes it carry paths on."""
    async with other.begin() as connection:
        await tree.hold(connection, (), [Place("localhost", key)])
        yield


async def both(
    other: AsyncEngine,
    gate: AbstractAsyncContextManager[None],
    first: Coroutine[Any, Any, httpx.Response],
    second: Coroutine[Any, Any, httpx.Response],
) -> tuple[httpx.Response, httpx.Response]:
    """Start both, one after the other, each as far as it gets while the gate is shut; then open it."""

    async def wait_for(waiters: int) -> None:
        waiting = 0
        while waiting < waiters:
            async with other.connect() as connection:  # a transaction of its own: within one, the view stays as it was
                waiting = (await connection.execute(_WAITERS)).scalar_one()

    async with gate:
        one = asyncio.create_task(first)
        await wait_for(1)
        two = asyncio.create_task(second)
        await wait_for(2)
    return await one, await two


async def test_a_bulk_change_and_a_bulk_delete_that_lock_in_other_orders_are_both_done(
    api: httpx.AsyncClient, other: AsyncEngine
) -> None:
    above = await make(api, "cross", redirect=CARRIES)
    gate = await make(api, "cross-gate")
    below = await make(api, "cross/below")
    changed = api.patch(f"{LINKS}/bulk", json={"linkIds": [above, gate, below], "data": {"title": "changed"}})
    deleted = api.delete(f"{LINKS}/bulk", params={"linkIds": below})
    before = done_again()
    # The change holds the link above and waits at the gate; the deletion holds the one below and wants that above.
    answers = await both(other, held(other, gate), changed, deleted)
    assert [(each.status_code, each.text) for each in answers if each.status_code != 200] == []
    assert done_again() > before, "they did not meet"
    left = (await api.get(LINKS, params={"search": "cross"})).json()
    assert {each["id"]: each["title"] for each in left} == {above: "changed", gate: "changed"}


async def test_a_restore_and_a_new_code_below_wait_for_each_other_in_one_order(
    api: httpx.AsyncClient, other: AsyncEngine
) -> None:
    link = await make(api, "back/former")
    await api.patch(f"{LINKS}/{link}", json={"key": "back"})
    before = done_again()
    made = api.post(LINKS, json={"url": URL, "key": "back/new"})
    restored = api.post(f"{LINKS}/{link}/versions/1/restore")
    answers = await both(other, held_below(other, "back"), made, restored)
    assert [each.json()["key"] for each in answers] == ["back/new", "back/former"]
    assert done_again() == before, "one had to be done again"


@pytest.mark.parametrize(("times", "status"), [(4, 200), (5, 503)])
async def test_a_call_with_an_idempotency_key_that_meets_deadlocks_is_done_once_or_not_at_all(
    app: Starlette, engine: AsyncEngine, account: Account, times: int, status: int
) -> None:
    ended = 0

    async def tag(request: Request) -> Response:
        nonlocal ended
        async with transaction(request) as connection:
            made = await tags.create(connection, account.actor.workspace_id, TagFields(name="met"))
            if ended < times:
                ended += 1
                await connection.execute(_DEADLOCK)
            return answer(made)

    operation = Operation(method="POST", path="/tag", summary="", tag="tags", permission="links.write", endpoint=tag)
    small = assemble([route(operation)], [], engine, app.state.access)
    async with make_client(small, account.api_key) as client:
        answers = [await client.post("/api/v1/tag", headers={"Idempotency-Key": "met"}) for _ in range(2)]
    assert (answers[0].status_code, answers[1].status_code) == (status, 200)
    assert ("Idempotent-Replayed" in answers[1].headers) is (status == 200)
    async with engine.connect() as connection:
        count = sa.select(sa.func.count()).where(tags_table.c.workspace_id == account.actor.workspace_id)
        assert (await connection.execute(count)).scalar_one() == 1
