"""Pages by their number, while rows come and go."""

import asyncio
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from dub import Dub
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin import pages
from origin.accounts import api_keys
from tests.factories import Account
from tests.integration.origin.served import Served
from tests.origin_app import make_client

LINKS = "/api/v1/links"
URL = "https://example.com/"


async def make(api: httpx.AsyncClient, count: int, **body: Any) -> None:
    answer = await api.post(f"{LINKS}/bulk", json=[{"url": f"{URL}{n}", **body} for n in range(count)])
    assert all("id" in each for each in answer.json())


async def ids(api: httpx.AsyncClient, page: int = 1, path: str = LINKS, **query: Any) -> list[str]:
    answer = await api.get(path, params={"pageSize": 3, "page": page, **query})
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_dubs_sdk_walks_through_all_links_while_others_are_made_and_deleted(postgres_url: str) -> None:
    with Served(postgres_url) as served, Dub(token=served.account.api_key, server_url=served.url) as dub:
        headers = {"Authorization": f"Bearer {served.account.api_key}"}
        with httpx.Client(base_url=served.url, headers=headers, timeout=30) as api:
            api.post("/links/bulk", json=[{"url": f"{URL}{n}"} for n in range(100)])
            newest_first = [link["id"] for link in api.get("/links").json()]
            seen: list[str] = []
            page = dub.links.list(request={"page_size": 7})
            while page is not None:
                seen += [link.id for link in page.result]
                api.post("/links/bulk", json=[{"url": URL} for _ in range(5)])
                api.delete(f"/links/{seen[-1]}")
                api.delete(f"/links/{seen[-2]}")
                page = page.next()
    assert seen == newest_first


@pytest.mark.parametrize("sort", ["createdAt", "updatedAt"])
async def test_a_page_begins_where_the_one_before_it_ended(api: httpx.AsyncClient, sort: str) -> None:
    await make(api, 10)
    before = await ids(api, sortBy=sort, pageSize=100)
    first = await ids(api, sortBy=sort)
    await make(api, 4)
    second = await ids(api, 2, sortBy=sort)
    await make(api, 4)
    third = await ids(api, 3, sortBy=sort)
    assert first + second + third == before[:9]
    assert await ids(api, 3, sortBy=sort) == third, "asked again, as after an answer that was lost"
    assert await ids(api, 2, sortBy=sort) == second, "and backwards"
    assert await ids(api, 4, sortBy=sort) == before[9:]
    assert (await ids(api, sortBy=sort))[0] not in before, "a new walk begins with what is new"


async def test_a_page_that_is_jumped_to_is_counted_from_the_latest_first_page(api: httpx.AsyncClient) -> None:
    await make(api, 10)
    before = await ids(api, pageSize=100)
    assert await ids(api, 3) == before[6:9], "without any page before it: from the beginning"
    assert await ids(api) == before[:3]
    await make(api, 4)
    assert await ids(api, 3) == before[6:9]


async def test_the_oldest_first_ends_with_what_was_made_meanwhile(api: httpx.AsyncClient) -> None:
    await make(api, 5)
    seen = await ids(api, sortOrder="asc")
    await make(api, 2)
    seen += await ids(api, 2, sortOrder="asc") + await ids(api, 3, sortOrder="asc")
    assert seen == (await ids(api, pageSize=100))[::-1]


async def test_walks_of_one_key_through_one_list_do_not_disturb_each_other(api: httpx.AsyncClient) -> None:
    await make(api, 12)
    one_before = await ids(api, pageSize=100)
    one = await ids(api) + await ids(api, 2)
    await make(api, 5)
    two_before = await ids(api, pageSize=100)
    two = await ids(api)
    one += await ids(api, 3)
    two += await ids(api, 2)
    one += await ids(api, 4)
    two += await ids(api, 3)
    assert (one, two) == (one_before, two_before[:9])


async def test_filters_keys_and_people_have_walks_of_their_own(
    api: httpx.AsyncClient, app: Starlette, engine: AsyncEngine, account: Account
) -> None:
    await make(api, 5, tenantId="a")
    first = await ids(api, tenantId="a")
    await make(api, 1, tenantId="a")
    token = api_keys.new_token()
    async with engine.begin() as connection:
        await api_keys.create(connection, account.actor, "other", token)
    async with make_client(app, token) as other:
        assert (await ids(other, 2, tenantId="a"))[0] == first[-1]
    assert (await ids(api, 2, tenantId="a", showArchived="true"))[0] == first[-1]
    assert (await ids(api, 2, tenantId="a"))[0] not in first


async def test_a_search_is_ranked_as_of_its_first_page(api: httpx.AsyncClient) -> None:
    await make(api, 8, title="Spring sale")
    before = await ids(api, search="spring", pageSize=100)
    first = await ids(api, search="spring")
    await make(api, 3, title="Spring spring spring")
    assert first + await ids(api, 2, search="spring") + await ids(api, 3, search="spring") == before


@pytest.fixture
async def named(api: httpx.AsyncClient) -> list[str]:
    for name in "bdfhjl":
        for path in ("/api/v1/tags", "/api/v1/folders"):
            assert (await api.post(path, json={"name": name})).status_code == 201
        assert (await api.post("/api/v1/domains", json={"slug": f"{name}.pages.example.org"})).status_code == 201
    return ["/api/v1/tags", "/api/v1/folders", "/api/v1/domains"]


async def test_tags_folders_and_domains_are_walked_through_as_well(api: httpx.AsyncClient, named: list[str]) -> None:
    for path in named:
        before = await ids(api, path=path, pageSize=100)
        first = await ids(api, path=path)
        field, name = ("slug", "a.pages.example.org") if path.endswith("domains") else ("name", "a")
        assert (await api.post(path, json={field: name})).status_code == 201
        assert first + await ids(api, 2, path=path) == before


async def test_only_so_much_is_kept_of_walks(
    api: httpx.AsyncClient, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_PAGES_BACK", 3)
    monkeypatch.setattr(pages, "_WALKS", 4)
    await make(api, 30)
    async with engine.begin() as connection:
        await connection.execute(sa.text("DELETE FROM page_ends"))
    for page in range(1, 11):
        await ids(api, page)
    kept = sa.text("SELECT page FROM page_ends ORDER BY root, page")
    async with engine.connect() as connection:
        assert list((await connection.execute(kept)).scalars()) == [1, 8, 9, 10]
    for _ in range(7):
        await ids(api)
    async with engine.begin() as connection:
        assert list((await connection.execute(kept)).scalars()) == [1] * 5
        await connection.execute(sa.text("UPDATE page_ends SET ended_at = now() - interval '1 hour'"))
        await pages.delete_expired(connection)
        assert list((await connection.execute(kept)).scalars()) == []


async def test_parallel_walks_all_see_everything(api: httpx.AsyncClient) -> None:
    await make(api, 20)
    everything = await ids(api, pageSize=100)

    async def walk(size: int) -> list[str]:
        seen: list[str] = []
        page = 1
        while found := await ids(api, page, pageSize=size):
            seen += found
            page += 1
            await api.post(LINKS, json={"url": URL})
        return seen

    for seen in await asyncio.gather(*(walk(size) for size in (2, 3, 4, 5))):
        assert [each for each in seen if each in everything] == everything
