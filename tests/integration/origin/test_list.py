"""Listing and counting links."""

from typing import Any

import httpx
import pytest

from tests.factories import Account

LINKS = "/api/v1/links"


@pytest.fixture
async def made(api: httpx.AsyncClient) -> list[str]:
    """The keys of seven links, the oldest first."""
    fields: list[dict[str, Any]] = [
        {"key": "list-0", "tenantId": "t1"},
        {"key": "list-1", "tenantId": "t1", "title": "Quarterly REPORT"},
        {"key": "list-2", "externalId": "ext-2"},
        {"key": "list-3", "url": "https://docs.example.net/50%25_off"},
        {"key": "list-4", "archived": True},
        {"key": "list-5"},
        {"key": "list-6"},
    ]
    for each in fields:
        body = {"url": "https://example.com/", **each, "key": f"{each['key']}"}
        await api.post(LINKS, json=body)
    return [each["key"] for each in fields]


async def keys(api: httpx.AsyncClient, **query: Any) -> list[str]:
    answer = await api.get(LINKS, params=query)
    assert answer.status_code == 200, answer.text
    counted = {name: value for name, value in query.items() if name not in {"sortBy", "sortOrder", "page", "pageSize"}}
    if "page" not in query:
        assert (await api.get(f"{LINKS}/count", params=counted)).json() == len(answer.json())
    return [link["key"] for link in answer.json()]


async def test_the_newest_come_first_without_the_archived(
    api: httpx.AsyncClient, made: list[str], stranger: httpx.AsyncClient
) -> None:
    assert await keys(api) == ["list-6", "list-5", "list-3", "list-2", "list-1", "list-0"]
    assert await keys(api, showArchived="true", sortOrder="asc") == made
    assert await keys(stranger) == []
    # The database outlives this test, its keys with it.
    await delete_all(api)


async def delete_all(api: httpx.AsyncClient) -> None:
    for link in (await api.get(LINKS, params={"showArchived": "true"})).json():
        await api.delete(f"{LINKS}/{link['id']}")


async def test_filters_and_search(api: httpx.AsyncClient, made: list[str], account: Account) -> None:
    assert await keys(api, tenantId="t1") == ["list-1", "list-0"]
    assert await keys(api, externalId="ext_ext-2") == ["list-2"]
    assert await keys(api, search="report") == ["list-1"]
    assert await keys(api, search="docs.example") == ["list-3"]
    assert await keys(api, search="50%25_o") == ["list-3"]
    assert await keys(api, search="6_%") == ["list-6"]
    assert await keys(api, search="%") == []
    assert await keys(api, search="LIST-6") == ["list-6"]
    assert await keys(api, domain="localhost", tenantId="t1", search="list-0") == ["list-0"]
    assert await keys(api, domain="other.example") == []
    me = (await api.get("/api/v1/me")).json()["user"]["id"]
    assert len(await keys(api, userId=me)) == 6
    assert await keys(api, userId="user_zzz") == []
    await delete_all(api)


async def test_pages_follow_each_other_and_end(api: httpx.AsyncClient, made: list[str]) -> None:
    pages = [await keys(api, page=page, pageSize=4.0, showArchived="true") for page in (1, 2, 3)]
    assert pages == [made[:2:-1], made[2::-1], []]
    await delete_all(api)


async def test_sorted_by_the_last_change(api: httpx.AsyncClient, made: list[str]) -> None:
    first = (await api.get(f"{LINKS}/info", params={"domain": "localhost", "key": "list-0"})).json()
    await api.patch(f"{LINKS}/{first['id']}", json={"title": "Touched"})
    assert (await keys(api, sortBy="updatedAt"))[0] == "list-0"
    assert (await keys(api, sortBy="updatedAt", sortOrder="asc"))[-1] == "list-0"
    await delete_all(api)
