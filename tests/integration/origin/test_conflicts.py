"""Many at once, on the real database."""

import asyncio
from collections import Counter

import httpx
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.storage.tables import links
from tests.factories import Account

URL = "https://example.com/"
AT_ONCE = 25


async def test_of_parallel_creates_of_one_code_one_wins(api: httpx.AsyncClient) -> None:
    calls = [api.post("/api/v1/links", json={"url": f"{URL}{n}", "key": "contended"}) for n in range(AT_ONCE)]
    answers = await asyncio.gather(*calls)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: AT_ONCE - 1}
    assert {answer.json()["error"]["code"] for answer in answers if answer.status_code == 409} == {"conflict"}


async def test_parallel_upserts_of_one_url_make_one_link(api: httpx.AsyncClient) -> None:
    calls = [api.put("/api/v1/links/upsert", json={"url": URL + "upsert", "title": f"{n}"}) for n in range(AT_ONCE)]
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_parallel_creates_without_a_code_all_get_one_of_their_own(api: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(api.post("/api/v1/links", json={"url": URL}) for _ in range(AT_ONCE)))
    assert len({answer.json()["key"] for answer in answers}) == AT_ONCE


async def test_parallel_lists_with_the_same_codes_in_other_orders_share_them(api: httpx.AsyncClient) -> None:
    keys = [f"shared-{n}" for n in range(20)]
    orders = [keys, keys[::-1], keys[10:] + keys[:10], keys[::-1]]
    calls = [api.post("/api/v1/links/bulk", json=[{"url": URL, "key": key} for key in order]) for order in orders]
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {200}
    made = [item["key"] for answer in answers for item in answer.json() if "key" in item]
    assert sorted(made) == sorted(keys)


async def test_parallel_changes_to_one_free_code_leave_one_there(api: httpx.AsyncClient) -> None:
    made = await asyncio.gather(*(api.post("/api/v1/links", json={"url": URL}) for _ in range(8)))
    calls = [api.patch(f"/api/v1/links/{link.json()['id']}", json={"key": "wanted"}) for link in made]
    answers = await asyncio.gather(*calls)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 7}


async def test_an_external_id_belongs_to_one_link_of_a_workspace(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    body = {"url": URL, "externalId": "only-one"}
    answers = await asyncio.gather(*(api.post("/api/v1/links", json=body) for _ in range(8)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 7}
    assert (await stranger.post("/api/v1/links", json=body)).status_code == 200


async def test_changing_to_a_taken_external_id_is_a_conflict_that_names_it(api: httpx.AsyncClient) -> None:
    await api.post("/api/v1/links", json={"url": URL, "externalId": "first"})
    second = (await api.post("/api/v1/links", json={"url": URL})).json()
    answer = await api.patch(f"/api/v1/links/{second['id']}", json={"externalId": "first"})
    assert (answer.status_code, answer.json()["error"]["message"].partition(":")[0]) == (409, "externalId")


async def test_a_made_up_code_that_somebody_chose_already_is_passed_over(
    api: httpx.AsyncClient, engine: AsyncEngine, account: Account
) -> None:
    """Codes of three characters are random, so among many of them some meet; none of the calls may fail."""
    for _ in range(5):
        body = [{"url": URL, "keyLength": 3} for _ in range(100)]
        answer = await api.post("/api/v1/links/bulk", json=body)
        assert all("key" in item for item in answer.json())
    async with engine.connect() as connection:
        mine = links.c.workspace_id == account.actor.workspace_id
        select = sa.select(sa.func.count()).where(mine, sa.func.length(links.c.key) == 3)
        assert (await connection.execute(select)).scalar_one() == 500
