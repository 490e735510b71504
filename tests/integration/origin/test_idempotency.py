"""Idempotency-Key on POST."""

import asyncio
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin.app import create_app
from origin.bootstrap import bootstrap
from origin.clicks.settings import ClickSettings
from origin.housekeeping import sweep
from origin.settings import OriginSettings
from origin.storage.tables import idempotency_keys
from tests.factories import Account
from tests.letters import PASSWORD, bearer, database_url, new_email, register
from tests.origin_app import EDGE_SECRET, SECRET_KEY, make_client

LINKS = "/api/v1/links"
BODY = {"url": "https://example.com/idempotent"}


async def count(api: httpx.AsyncClient) -> int:
    return int((await api.get(f"{LINKS}/count")).json())


async def age(engine: AsyncEngine, key: str) -> None:
    async with engine.begin() as connection:
        old = sa.func.now() - sa.text("interval '25 hours'")
        await connection.execute(
            sa.update(idempotency_keys).where(idempotency_keys.c.key == key).values(created_at=old)
        )


async def test_the_same_call_again_gets_the_same_answer_and_makes_nothing(api: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "one"}
    first = await api.post(LINKS, json=BODY, headers=headers)
    second = await api.post(LINKS, json=BODY, headers=headers)
    assert (second.status_code, second.content) == (200, first.content)
    assert second.headers["idempotent-replayed"] == "true"
    assert await count(api) == 1


async def test_parallel_calls_with_one_key_are_done_once(api: httpx.AsyncClient) -> None:
    calls = [api.post(LINKS, json=BODY, headers={"Idempotency-Key": "parallel"}) for _ in range(8)]
    answers = await asyncio.gather(*calls)
    assert len({answer.content for answer in answers}) == 1
    assert await count(api) == 1


async def test_another_body_under_the_same_key_is_a_conflict(api: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "two"}
    await api.post(LINKS, json=BODY, headers=headers)
    other_body = await api.post(LINKS, json={"url": "https://example.com/other"}, headers=headers)
    other_path = await api.post(f"{LINKS}/bulk", json=[BODY], headers=headers)
    assert [answer.status_code for answer in (other_body, other_path)] == [409, 409]
    assert await count(api) == 1


async def test_a_refused_call_does_not_use_the_key_up(api: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "three"}
    assert (await api.post(LINKS, json={"url": "nope"}, headers=headers)).status_code == 422
    assert (await api.post(LINKS, json=BODY, headers=headers)).status_code == 200


async def test_keys_of_different_workspaces_do_not_meet(api: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "four"}
    mine = await api.post(LINKS, json=BODY, headers=headers)
    theirs = await stranger.post(LINKS, json=BODY, headers=headers)
    assert mine.json()["id"] != theirs.json()["id"]


async def test_a_key_is_forgotten_after_a_day(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    headers = {"Idempotency-Key": "five"}
    first = await api.post(LINKS, json=BODY, headers=headers)
    await age(engine, "five")
    assert (await api.post(LINKS, json=BODY, headers=headers)).json()["id"] != first.json()["id"]
    await age(engine, "five")
    await sweep(engine)
    async with engine.connect() as connection:
        left = sa.select(sa.func.count()).where(idempotency_keys.c.key == "five")
        assert (await connection.execute(left)).scalar_one() == 0


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_has_1_to_255_characters(api: httpx.AsyncClient, key: str) -> None:
    assert (await api.post(LINKS, json=BODY, headers={"Idempotency-Key": key})).status_code == 422


async def test_an_answer_with_a_secret_is_not_kept(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    headers = {"Idempotency-Key": "secret"}
    made = await api.post("/api/v1/api-keys", json={"name": "k"}, headers=headers)
    again = await api.post("/api/v1/api-keys", json={"name": "k"}, headers=headers)
    assert (made.status_code, again.status_code) == (201, 409)
    assert len((await api.get("/api/v1/api-keys")).json()) == 2  # the account's own, and the one
    async with engine.connect() as connection:
        bodies = await connection.execute(sa.select(idempotency_keys.c.body).where(idempotency_keys.c.key == "secret"))
        assert bodies.scalars().all() == [None]


async def test_a_workspace_is_made_once(app: Starlette, account: Account) -> None:
    async with make_client(app, account.api_key) as client:
        headers = {"Idempotency-Key": "workspace"}
        answers = [await client.post("/api/v1/workspaces", json={"name": "W"}, headers=headers) for _ in range(2)]
        assert answers[0].json() == answers[1].json()
        assert len((await client.get("/api/v1/workspaces")).json()) == 2


async def test_keyed_calls_that_count_a_try_on_the_side_do_not_wait_for_each_others_connections(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    settings = OriginSettings(
        home=tmp_path,
        database_url=database_url(engine),
        secret_key=SECRET_KEY,
        edge_secret=EDGE_SECRET,
        database_pool=1,
    )
    origin = bootstrap(settings, ClickSettings())
    async with make_client(create_app(origin)) as client:
        mine = bearer(await register(client))
        calls = [
            client.post(
                "/api/v1/me/email",
                json={"email": new_email(), "password": PASSWORD},
                headers={**mine, "Idempotency-Key": str(number)},
            )
            for number in range(4)
        ]
        assert [answer.status_code for answer in await asyncio.gather(*calls)] == [202] * 4
    await origin.gate.limiter.close()
    await origin.accounts.apart.dispose()
    await origin.engine.dispose()
