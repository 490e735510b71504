"""Every change that KV must see is queued with it, and nothing else is."""

import asyncio
import time

import httpx
import psycopg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.storage.tables import kv_keys, links
from shared.kv_record import KvRecord, decode
from tests.factories import Account
from tests.integration.origin import outbox

URL = "https://example.com/"


async def test_create_change_and_delete_are_queued_with_growing_versions(
    api: httpx.AsyncClient, engine: AsyncEngine, account: Account
) -> None:
    link = (await api.post("/api/v1/links", json={"url": URL, "key": "queued"})).json()
    await api.patch(f"/api/v1/links/{link['id']}", json={"url": URL + "b"})
    await api.delete(f"/api/v1/links/{link['id']}")
    await api.post("/api/v1/links", json={"url": URL + "c", "key": "queued"})
    found = await outbox.rows(engine, "localhost/queued")
    versions = [version for version, _ in found]
    assert versions == sorted(set(versions))
    records = [decode(value) if value else None for _, value in found]
    number = int(link["id"].removeprefix("link_"), 36)
    workspace_id = account.actor.workspace_id
    assert records[:3] == [
        KvRecord(number, workspace_id, versions[0], URL),
        KvRecord(number, workspace_id, versions[1], URL + "b"),
        None,
    ]
    assert records[3] is not None
    assert records[3].url == URL + "c"


async def test_the_link_row_holds_what_was_queued_last(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    await api.post("/api/v1/links", json={"url": URL, "key": "same"})
    async with engine.connect() as connection:
        row = (await connection.execute(sa.select(links).where(links.c.key == "same"))).one()
    assert await outbox.rows(engine, "localhost/same") == [(row.version, row.kv_value)]


async def test_what_kv_does_not_hold_is_not_queued(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    link = (await api.post("/api/v1/links", json={"url": URL, "key": "quiet"})).json()
    answer = await api.patch(f"/api/v1/links/{link['id']}", json={"title": "Only for people", "url": URL})
    assert answer.json()["title"] == "Only for people"
    assert len(await outbox.rows(engine, "localhost/quiet")) == 1


async def test_a_refused_link_queues_nothing(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    await api.post("/api/v1/links", json={"url": URL, "key": "once"})
    assert (await api.post("/api/v1/links", json={"url": URL + "other", "key": "once"})).status_code == 409
    assert len(await outbox.rows(engine, "localhost/once")) == 1


async def test_kvsync_is_woken_when_the_change_is_committed(api: httpx.AsyncClient, postgres_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as listener:
        await listener.execute("LISTEN outbox")
        await api.post("/api/v1/links", json={"url": URL})
        async for notification in listener.notifies(timeout=20, stop_after=1):
            assert notification.channel == "outbox"
            return
    raise AssertionError("no notification came")


async def test_a_key_that_is_deleted_and_made_again_in_parallel_ends_with_the_version_of_what_is_there(
    api: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    """The create waits for the delete at the unique index; its version must be taken after that wait."""

    async def churn() -> None:
        for _ in range(10):
            made = await api.post("/api/v1/links", json={"url": URL + str(time.time_ns()), "key": "churn"})
            if made.status_code == 200:
                await api.delete(f"/api/v1/links/{made.json()['id']}")

    await asyncio.gather(*(churn() for _ in range(6)))
    await api.post("/api/v1/links", json={"url": URL + "last", "key": "churn"})
    found = await outbox.rows(engine, "localhost/churn")
    assert [value is None for _, value in found] == [number % 2 == 1 for number in range(len(found))]
    assert decode(str(found[-1][1])).url == URL + "last"


async def test_the_edge_state_is_pending_until_kv_has_the_version(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    link = (await api.post("/api/v1/links", json={"url": URL, "key": "state"})).json()
    assert (link["edge"]["state"], link["edge"]["version"]) == ("pending", 0)
    ((version, _),) = await outbox.rows(engine, "localhost/state")
    async with engine.begin() as connection:
        row = {"key": "localhost/state", "version": version, "synced_at": sa.func.now()}
        await connection.execute(sa.insert(kv_keys).values(row))
    info = {"linkId": link["id"]}
    live = (await api.get("/api/v1/links/info", params=info)).json()["edge"]
    assert (live["state"], live["version"]) == ("live", version)
    changed = (await api.patch(f"/api/v1/links/{link['id']}", json={"url": URL + "2"})).json()
    assert (changed["edge"]["state"], changed["edge"]["version"]) == ("pending", version)
    assert changed["edge"]["since"] == changed["updatedAt"]
