"""Scopes, expiry and rotation of API keys."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin.storage.tables import api_keys
from tests.origin_app import make_client

KEYS = "/api/v1/api-keys"
LINKS = "/api/v1/links"


@pytest.fixture
async def other(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A client that each test gives the key it is about."""
    async with make_client(app) as client:
        yield client


def use(client: httpx.AsyncClient, key: str) -> None:
    client.headers["Authorization"] = f"Bearer {key}"


async def test_a_key_has_the_scopes_it_was_given(api: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    made = (await api.post(KEYS, json={"name": "reader", "scopes": ["links.read"]})).json()
    assert made["scopes"] == ["links.read"]
    use(other, made["key"])
    assert (await other.get(LINKS)).status_code == 200
    refused = await other.post(LINKS, json={"url": "https://example.com"})
    assert refused.status_code == 403
    assert "links.write" in refused.json()["error"]["message"]
    changed = await api.patch(f"{KEYS}/{made['id']}", json={"scopes": ["links.read", "links.write"]})
    assert changed.json()["scopes"] == ["links.read", "links.write"]
    assert (await other.post(LINKS, json={"url": "https://example.com"})).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"scopes": ["links.eat"]},
        {"scopes": []},
        {"expiresAt": "2020-01-01T00:00:00Z"},
        {"expiresAt": "2999-01-01T00:00:00"},
    ],
)
async def test_scopes_and_ends_that_make_no_sense_are_refused(api: httpx.AsyncClient, body: dict[str, object]) -> None:
    answer = await api.post(KEYS, json={"name": "x", **body})
    assert answer.status_code == 422
    assert next(iter(body)) in answer.json()["error"]["message"]


async def test_a_key_makes_and_takes_over_none_that_may_more_than_itself(
    api: httpx.AsyncClient, other: httpx.AsyncClient
) -> None:
    everything = (await api.post(KEYS, json={"name": "all"})).json()
    made = (await api.post(KEYS, json={"name": "keys", "scopes": ["keys.write", "links.read"]})).json()
    use(other, made["key"])
    assert (await other.post(KEYS, json={"name": "more"})).status_code == 403
    assert (await other.post(KEYS, json={"name": "more", "scopes": ["links.write"]})).status_code == 403
    assert (await other.post(f"{KEYS}/{everything['id']}/rotate", json={})).status_code == 403
    assert (await other.patch(f"{KEYS}/{made['id']}", json={"scopes": ["apis.all"]})).status_code == 403
    assert (await other.post(KEYS, json={"name": "less", "scopes": ["links.read"]})).status_code == 201


async def test_a_key_ends_when_it_expires(
    api: httpx.AsyncClient, other: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    made = (await api.post(KEYS, json={"name": "short", "expiresAt": later})).json()
    use(other, made["key"])
    assert (await other.get(LINKS)).status_code == 200
    async with engine.begin() as connection:
        past = sa.func.now() - sa.text("interval '1 second'")
        await connection.execute(sa.update(api_keys).where(api_keys.c.name == "short").values(expires_at=past))
    assert (await other.get(LINKS)).status_code == 401
    assert (await api.patch(f"{KEYS}/{made['id']}", json={"expiresAt": None})).json()["expiresAt"] is None
    assert (await other.get(LINKS)).status_code == 200


async def test_a_rotated_key_has_another_text_and_the_former_one_ends_with_the_overlap(
    api: httpx.AsyncClient, other: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    made = (await api.post(KEYS, json={"name": "turning"})).json()
    second = (await api.post(f"{KEYS}/{made['id']}/rotate", json={"overlapSeconds": 60})).json()
    assert (second["id"], second["name"]) == (made["id"], "turning")
    for key in (made["key"], second["key"]):
        use(other, key)
        assert (await other.get(LINKS)).status_code == 200
    async with engine.begin() as connection:
        past = sa.func.now() - sa.text("interval '1 second'")
        await connection.execute(sa.update(api_keys).values(former_key_until=past))
    use(other, made["key"])
    assert (await other.get(LINKS)).status_code == 401
    third = (await api.post(f"{KEYS}/{made['id']}/rotate", json={})).json()
    use(other, second["key"])
    assert (await other.get(LINKS)).status_code == 401
    use(other, third["key"])
    assert (await other.get(LINKS)).status_code == 200


async def test_parallel_rotations_leave_one_good_text(api: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    made = (await api.post(KEYS, json={"name": "turning"})).json()
    turned = await asyncio.gather(*(api.post(f"{KEYS}/{made['id']}/rotate", json={}) for _ in range(5)))
    good = 0
    for each in turned:
        use(other, each.json()["key"])
        good += (await other.get(LINKS)).status_code == 200
    assert good == 1
