"""Many at once, on the real database."""

import asyncio
from collections import Counter

import httpx
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from origin.links.codes import Codes
from origin.links.loops import Loops
from origin.links.model import NewLink
from origin.links.options import Records
from origin.links.service import Links
from origin.links.totals import NoTotals
from origin.problems import ApiProblem
from origin.safety.checks import no_checks
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


class Repeating(Codes):
    """Makes each code twice, and one that is in use."""

    def __init__(self, in_use: str) -> None:
        super().__init__("secret")
        self._made = iter([in_use, "made-1", "made-1", "own-1", "made-2", "made-2", "made-3", "made-4"])

    async def next(self, connection: AsyncConnection, length: int = 7) -> str:
        return next(self._made)


async def test_made_up_codes_that_meet_each_other_or_a_chosen_one_are_made_up_again(
    api: httpx.AsyncClient, engine: AsyncEngine, account: Account
) -> None:
    await api.post("/api/v1/links", json={"url": URL, "key": "in-use"})
    loops, records = Loops("http://localhost:8787", "localhost"), Records("secret")
    links = Links(
        Repeating("in-use"),
        loops,
        "localhost",
        allow_private=False,
        records=records,
        totals=NoTotals(),
        safety=no_checks(),
    )
    bodies = list[NewLink | ApiProblem](NewLink(url=f"{URL}{n}") for n in range(3))
    async with engine.begin() as connection:
        made = await links.create_many(connection, account.actor, [*bodies, NewLink(url=f"{URL}own", key="own-1")])
    assert all(isinstance(each, int) for each in made)
    answer = await api.get("/api/v1/links", params={"sortOrder": "asc"})
    found = {link["url"]: link["key"] for link in answer.json()}
    assert found.pop(f"{URL}own") == "own-1"
    assert found.pop(URL) == "in-use"
    assert sorted(found) == [f"{URL}{n}" for n in range(3)]
    assert len(set(found.values())) == 3


async def test_short_codes_of_many_links_are_all_different(api: httpx.AsyncClient) -> None:
    keys: list[str] = []
    for _ in range(5):
        answer = await api.post("/api/v1/links/bulk", json=[{"url": URL, "keyLength": 3} for _ in range(100)])
        keys += [item["key"] for item in answer.json()]
    assert len(set(keys)) == 500
