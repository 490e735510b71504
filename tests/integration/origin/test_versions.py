"""Edits of links: ETags, former states, aliases."""

from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.links.passwords import MASK
from shared.kv_record import decode
from tests.integration.origin import outbox

URL = "https://example.com/"
LINKS = "/api/v1/links"


async def made(api: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await api.post(LINKS, json={"url": URL, **body})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_of_two_editors_the_second_is_told(api: httpx.AsyncClient) -> None:
    link = await made(api, title="One")
    path = f"{LINKS}/{link['id']}"
    read = (await api.get(f"{LINKS}/info", params={"linkId": link["id"]})).headers["ETag"]
    first = await api.patch(path, json={"title": "Two"}, headers={"If-Match": read})
    assert (first.status_code, first.json()["title"]) == (200, "Two")
    second = await api.patch(path, json={"title": "Three"}, headers={"If-Match": read})
    assert (second.status_code, second.json()["error"]["code"]) == (412, "precondition_failed")
    assert first.headers["ETag"] in second.json()["error"]["message"]
    assert (await api.delete(path, headers={"If-Match": read})).status_code == 412
    assert (await api.delete(path, headers={"If-Match": f'"other", {first.headers["ETag"]}'})).status_code == 200


async def test_the_etag_stays_until_something_changes(api: httpx.AsyncClient) -> None:
    link = await made(api)
    path = f"{LINKS}/{link['id']}"
    tags = [(await api.patch(path, json=body)).headers["ETag"] for body in ({}, {"title": None}, {"title": "x"}, {})]
    assert tags[0] == tags[1] != tags[2] == tags[3]
    assert (await api.patch(path, json={"title": "y"}, headers={"If-Match": "*"})).status_code == 200


async def test_each_edit_keeps_the_former_state(api: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    tag = (await api.post("/api/v1/tags", json={"name": "Kept"})).json()
    link = await made(api, title="One", tagIds=[tag["id"]], password="hidden-word")
    path = f"{LINKS}/{link['id']}"
    await api.patch(path, json={"title": "Two", "tagIds": []})
    await api.patch(path, json={"url": URL + "three", "password": "other-word"})
    answer = await api.get(f"{path}/versions")
    assert "pbkdf2" not in answer.text
    listed = answer.json()
    assert [(each["version"], each["current"]) for each in listed] == [(3, True), (2, False), (1, False)]
    assert [each["state"]["title"] for each in listed] == ["Two", "Two", "One"]
    assert [each["state"]["tagIds"] for each in listed] == [[], [], [tag["id"]]]
    assert listed[1]["replacedBy"] == link["userId"]
    compared = await api.get(f"{path}/versions/compare", params={"from": 1, "to": 3})
    assert {each["field"]: (each["from"], each["to"]) for each in compared.json()} == {
        "title": ("One", "Two"),
        "url": (URL, URL + "three"),
        "tagIds": ([tag["id"]], []),
        "password": (MASK, MASK),
    }
    assert (await stranger.get(f"{path}/versions")).status_code == 404
    assert (await api.get(f"{path}/versions/compare", params={"from": 1, "to": 9})).status_code == 404


async def test_a_former_state_comes_back_as_a_new_version(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    gone = (await api.post("/api/v1/tags", json={"name": "Gone"})).json()
    kept = (await api.post("/api/v1/tags", json={"name": "Stays"})).json()
    before = await made(
        api, key="comes-back", title="One", geo={"DE": URL + "de"}, tagIds=[gone["id"], kept["id"]],
        redirect={"status": 301, "rules": [{"url": URL + "rule", "when": {"device": ["mobile"]}}],
                  "maxClicks": 7, "oneTime": True, "unsafe": "adults only"},
        expiresAt="2031-01-01T00:00:00Z", password="word",
    )  # fmt: skip
    path = f"{LINKS}/{before['id']}"
    cleared: dict[str, Any] = {
        "title": None,
        "geo": None,
        "redirect": None,
        "expiresAt": None,
        "password": None,
        "tagIds": [],
    }
    await api.patch(path, json={**cleared, "key": "moved-away"})
    await api.delete(f"/api/v1/tags/{gone['id']}")
    restored = (await api.post(f"{path}/versions/1/restore")).json()
    same = ("key", "title", "geo", "redirect", "expiresAt", "password")
    assert {name: restored[name] for name in same} == {name: before[name] for name in same}
    assert restored["tags"] == [kept]
    assert (await outbox.latest(engine, "localhost/moved-away")) is None
    assert decode(str(await outbox.latest(engine, "localhost/comes-back"))).options["password"]
    listed = (await api.get(f"{path}/versions")).json()
    assert [each["version"] for each in listed] == [3, 2, 1]
    for version in ("9", "0", "x", "9" * 40):
        assert (await api.post(f"{path}/versions/{version}/restore")).status_code == 404


async def test_restoring_a_code_that_somebody_has_taken_is_a_conflict(api: httpx.AsyncClient) -> None:
    link = await made(api, key="given-up")
    await api.patch(f"{LINKS}/{link['id']}", json={"key": "another-one"})
    await made(api, key="given-up")
    assert (await api.post(f"{LINKS}/{link['id']}/versions/1/restore")).status_code == 409


async def test_a_link_with_aliases_answers_at_each_of_them(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    link = await made(api, key="the-main-one")
    path = f"{LINKS}/{link['id']}/aliases"
    second = (await api.post(path, json={"key": "second-code"})).json()
    third = (await api.post(path, json={})).json()
    assert [each["key"] for each in (await api.get(path)).json()] == ["second-code", third["key"]]
    assert second["shortLink"] == "http://localhost:8787/second-code"
    main = decode(str(await outbox.latest(engine, "localhost/the-main-one")))

    async def records() -> list[tuple[int, str]]:
        found = [str(await outbox.latest(engine, f"localhost/{key}")) for key in ("second-code", third["key"])]
        return [(record.link_id, record.url) for record in map(decode, found)]

    assert await records() == [(main.link_id, URL)] * 2
    await api.patch(f"{LINKS}/{link['id']}", json={"url": URL + "new"})
    assert await records() == [(main.link_id, URL + "new")] * 2
    by_alias = await api.get(f"{LINKS}/info", params={"domain": "localhost", "key": "second-code"})
    assert by_alias.json()["id"] == link["id"]
    assert [each["id"] for each in (await api.get(LINKS)).json()] == [link["id"]]
    assert (await api.get(f"{LINKS}/count")).json() == 1
    assert (await stranger.post(path, json={})).status_code == 404
    assert (await api.post(LINKS, json={"url": URL, "key": "second-code"})).status_code == 409
    assert (await api.post(path, json={"key": "the-main-one"})).status_code == 409
    assert (await api.delete(f"{path}/{second['id']}")).json() == {"id": second["id"]}
    assert await outbox.latest(engine, "localhost/second-code") is None
    await api.delete(f"{LINKS}/{link['id']}")
    assert await outbox.latest(engine, f"localhost/{third['key']}") is None


@pytest.mark.parametrize(
    ("redirect", "names"),
    [
        ({"status": 200}, "redirect.status"),
        ({"rules": [{"when": {}}]}, "redirect.rules[0]"),
        ({"rules": [{"url": "nope"}]}, "redirect.rules[0].url"),
        ({"rules": [{"url": URL, "when": {"planet": ["mars"]}}]}, "redirect.rules[0].when"),
        ({"rules": [{"url": URL, "when": {"zone": "Mars/Base", "weekday": [1]}}]}, "redirect.rules[0].when.zone"),
        ({"rules": [{"url": URL, "when": {"hours": ["9:00", "17:00"]}}]}, "redirect.rules[0].when.hours"),
        ({"iosApp": "javascript:alert(1)"}, "redirect.iosApp"),
        ({"maxClicks": 0}, "redirect.maxClicks"),
        ({"maxClicks": 1.5}, "redirect.maxClicks"),
        ({"oneTime": "yes"}, "redirect.oneTime"),
        ({"unsafe": ""}, "redirect.unsafe"),
    ],
)
async def test_a_redirect_that_does_not_fit_is_refused_by_name(
    api: httpx.AsyncClient, redirect: Any, names: str
) -> None:
    answer = await api.post(LINKS, json={"url": URL, "redirect": redirect})
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].startswith(names), answer.text
