"""Many links in one call, and upserts."""

import httpx
import pytest

URL = "https://example.com/"


async def test_the_good_links_are_made_and_each_bad_one_is_named(api: httpx.AsyncClient) -> None:
    await api.post("/api/v1/links", json={"url": URL, "key": "taken"})
    sent = [{"url": f"{URL}{n}"} for n in range(96)]
    bad = [{"url": "javascript:alert(1)"}, {"url": URL, "key": "taken"}, {"title": "no url"}, "no object"]
    answer = await api.post("/api/v1/links/bulk", json=sent[:50] + bad + sent[50:])
    assert answer.status_code == 200
    items = answer.json()
    assert [item["url"] for item in items[:50] + items[54:]] == [each["url"] for each in sent]
    assert [item["link"] for item in items[50:54]] == bad
    assert [item["code"] for item in items[50:54]] == [
        "unprocessable_entity", "conflict", "unprocessable_entity", "unprocessable_entity",
    ]  # fmt: skip
    assert all(item["error"] for item in items[50:54])


async def test_of_the_same_key_twice_in_a_call_the_first_is_made(api: httpx.AsyncClient) -> None:
    sent = [{"url": URL + "1", "key": "twice"}, {"url": URL + "2", "key": "twice"}]
    first, second = (await api.post("/api/v1/links/bulk", json=sent)).json()
    assert (first["url"], second["code"]) == (URL + "1", "conflict")


async def test_of_the_same_external_id_twice_in_a_call_the_first_is_made(api: httpx.AsyncClient) -> None:
    sent = [{"url": URL + "1", "externalId": "x"}, {"url": URL + "2", "externalId": "x"}]
    first, second = (await api.post("/api/v1/links/bulk", json=sent)).json()
    assert (first["url"], second["code"]) == (URL + "1", "conflict")
    assert "externalId" in second["error"]


@pytest.mark.parametrize("count", [0, 101])
async def test_a_call_makes_one_to_a_hundred(api: httpx.AsyncClient, count: int) -> None:
    answer = await api.post("/api/v1/links/bulk", json=[{"url": URL}] * count)
    assert answer.status_code == 422


async def test_upsert_makes_a_link_once_and_then_changes_it(api: httpx.AsyncClient) -> None:
    made = (await api.put("/api/v1/links/upsert", json={"url": URL + "up", "title": "One", "comments": "C"})).json()
    again = (await api.put("/api/v1/links/upsert", json={"url": URL + "up", "title": "Two"})).json()
    assert (again["id"], again["key"], again["title"], again["comments"]) == (made["id"], made["key"], "Two", "C")
    other = (await api.put("/api/v1/links/upsert", json={"url": URL + "up/"})).json()
    assert other["id"] != made["id"]


async def test_upsert_finds_the_link_by_the_url_with_its_utm_parameters(api: httpx.AsyncClient) -> None:
    body = {"url": URL + "utm", "utm_source": "s"}
    made = (await api.put("/api/v1/links/upsert", json=body)).json()
    assert (await api.put("/api/v1/links/upsert", json=body)).json()["id"] == made["id"]


async def test_upsert_does_not_reach_into_other_workspaces(api: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    mine = (await api.put("/api/v1/links/upsert", json={"url": URL + "both"})).json()
    theirs = (await stranger.put("/api/v1/links/upsert", json={"url": URL + "both"})).json()
    assert mine["id"] != theirs["id"]
