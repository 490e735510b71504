"""Changing and deleting many links at once, and paging through many."""

from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.integration.origin import outbox

URL = "https://example.com/"
LINKS = "/api/v1/links"
BULK = f"{LINKS}/bulk"


async def made(api: httpx.AsyncClient, count: int, **body: Any) -> list[dict[str, Any]]:
    answer = await api.post(BULK, json=[{"url": f"{URL}{n}", **body} for n in range(count)])
    return list(answer.json())


async def test_many_links_are_changed_in_the_same_way(api: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    links = await made(api, 3)
    await api.patch(f"{LINKS}/{links[2]['id']}", json={"externalId": "mine"})
    body = {"linkIds": [links[1]["id"], links[0]["id"], "link_none"], "externalIds": ["mine"], "data": {"title": "All"}}
    changed = (await api.patch(BULK, json=body)).json()
    assert [link["id"] for link in changed] == [links[1]["id"], links[0]["id"], links[2]["id"]]
    assert {link["title"] for link in changed} == {"All"}
    assert (await stranger.patch(BULK, json=body)).json() == []


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"data": {"title": "x"}}, "linkIds"),
        ({"linkIds": ["link_1"], "data": {"key": "x"}}, "data"),
        ({"linkIds": ["link_1"] * 101, "data": {}}, "linkIds"),
        ({"linkIds": ["link_1"]}, "Object missing"),
        ({"linkIds": ["link_1"], "data": {"titel": "x"}}, "data"),
    ],
)
async def test_a_bulk_change_that_does_not_fit_is_refused(api: httpx.AsyncClient, body: Any, names: str) -> None:
    answer = await api.patch(BULK, json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].startswith(names)


async def test_of_a_change_that_one_link_cannot_take_nothing_is_done(api: httpx.AsyncClient) -> None:
    links = await made(api, 2)
    body = {"linkIds": [link["id"] for link in links], "data": {"title": "x", "folderId": "fold_zz"}}
    assert (await api.patch(BULK, json=body)).status_code == 422
    assert {link["title"] for link in (await api.get(LINKS)).json()} == {None}


async def test_many_links_are_deleted_at_the_edge_as_well(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    links = await made(api, 3)
    wanted = {"linkIds": ",".join([links[0]["id"], links[1]["id"], "link_none"])}
    assert (await stranger.delete(BULK, params=wanted)).json() == {"deletedCount": 0}
    assert (await api.delete(BULK, params=wanted)).json() == {"deletedCount": 2}
    assert [link["id"] for link in (await api.get(LINKS)).json()] == [links[2]["id"]]
    assert await outbox.latest(engine, f"localhost/{links[0]['key']}") is None
    assert (await api.delete(BULK, params={"linkIds": ""})).status_code == 422


async def test_a_cursor_is_not_moved_by_new_links(api: httpx.AsyncClient) -> None:
    await made(api, 7)
    newest_first = [link["id"] for link in (await api.get(LINKS)).json()]

    async def ids(**query: Any) -> list[str]:
        return [link["id"] for link in (await api.get(LINKS, params={"pageSize": 3, **query})).json()]

    first = await ids()
    await made(api, 2)
    second = await ids(startingAfter=first[-1])
    third = await ids(startingAfter=second[-1])
    assert first + second + third == newest_first
    assert await ids(endingBefore=third[0]) == second
    assert await ids(endingBefore=second[0]) == first
    oldest = await ids(sortOrder="asc", startingAfter=newest_first[-1])
    assert oldest == newest_first[::-1][1:4]
    assert await ids(sortOrder="asc", endingBefore=oldest[0]) == [newest_first[-1]]
    await api.patch(f"{LINKS}/{newest_first[-1]}", json={"title": "touched"})
    assert (await ids(sortBy="updatedAt"))[0] == newest_first[-1]


async def test_cursors_that_are_not_there_are_refused(api: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    (link,) = await made(api, 1)
    both = await api.get(LINKS, params={"startingAfter": link["id"], "endingBefore": link["id"]})
    foreign = await stranger.get(LINKS, params={"startingAfter": link["id"]})
    nonsense = await api.get(LINKS, params={"endingBefore": "x"})
    assert [answer.status_code for answer in (both, foreign, nonsense)] == [422, 422, 422]
