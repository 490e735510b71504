"""Tags and folders, and the links in them."""

from typing import Any

import httpx
import pytest

URL = "https://example.com/"
LINKS, TAGS, FOLDERS = "/api/v1/links", "/api/v1/tags", "/api/v1/folders"


async def made(api: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await api.post(path, json=body)
    assert answer.status_code == (200 if path == LINKS else 201), answer.text
    return dict(answer.json())


async def keys(api: httpx.AsyncClient, **query: Any) -> list[str]:
    listed = (await api.get(LINKS, params=query)).json()
    assert (await api.get(f"{LINKS}/count", params=query)).json() == len(listed)
    return [link["key"] for link in listed]


async def test_a_tag_from_its_making_to_its_end(api: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    tag = await made(api, TAGS, name="News", color="green")
    assert tag == {"id": tag["id"], "name": "News", "color": "green"}
    changed = await api.patch(f"{TAGS}/{tag['id']}", json={"name": "news", "color": "red"})
    assert changed.json() == {"id": tag["id"], "name": "news", "color": "red"}
    assert (await stranger.patch(f"{TAGS}/{tag['id']}", json={"name": "x"})).status_code == 404
    assert (await stranger.delete(f"{TAGS}/{tag['id']}")).status_code == 404
    assert (await stranger.get(TAGS)).json() == []
    assert (await api.delete(f"{TAGS}/{tag['id']}")).json() == {"id": tag["id"]}
    assert (await api.delete(f"{TAGS}/{tag['id']}")).status_code == 404


@pytest.mark.parametrize("path", [TAGS, FOLDERS])
async def test_a_name_is_taken_in_any_case(api: httpx.AsyncClient, stranger: httpx.AsyncClient, path: str) -> None:
    await made(api, path, name="Taken")
    other = await made(api, path, name="Free")
    assert (await api.post(path, json={"name": "tAKEN"})).status_code == 409
    renamed = await api.patch(f"{path}/{other['id']}", json={"name": "taken"})
    assert (renamed.status_code, renamed.json()["error"]["message"].partition(":")[0]) == (409, "name")
    await made(stranger, path, name="Taken")


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x" * 51}, {"name": "x", "color": "orange"}, {"nam": "x"}])
async def test_a_tag_that_does_not_fit_is_refused(api: httpx.AsyncClient, body: dict[str, str]) -> None:
    assert (await api.post(TAGS, json=body)).status_code == 422


async def test_tags_are_searched_sorted_and_asked_for_by_id(api: httpx.AsyncClient) -> None:
    tags = [await made(api, TAGS, tag=name) for name in ("beta", "Alpha", "gamma 50%")]

    async def names(**query: Any) -> list[str]:
        return [tag["name"] for tag in (await api.get(TAGS, params=query)).json()]

    assert await names() == ["Alpha", "beta", "gamma 50%"]
    assert await names(sortOrder="desc") == ["gamma 50%", "beta", "Alpha"]
    assert await names(sortBy="createdAt") == ["beta", "Alpha", "gamma 50%"]
    assert await names(search="0%") == ["gamma 50%"]
    assert await names(ids=[tags[0]["id"], tags[1]["id"]]) == ["Alpha", "beta"]
    assert await names(ids=f"{tags[2]['id']},tag_none") == ["gamma 50%"]
    assert await names(page=2, pageSize=2) == ["gamma 50%"]


async def test_a_folder_from_its_making_to_its_end(api: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    folder = await made(api, FOLDERS, name="Spring", description="Sale", accessLevel="read")
    assert (folder["name"], folder["description"], folder["type"], folder["accessLevel"]) == (
        "Spring", "Sale", "default", "read",
    )  # fmt: skip
    link = await made(api, LINKS, url=URL, folderId=folder["id"])
    assert link["folderId"] == folder["id"]
    changed = (await api.patch(f"{FOLDERS}/{folder['id']}", json={"description": None, "accessLevel": None})).json()
    assert (changed["name"], changed["description"], changed["accessLevel"]) == ("Spring", None, None)
    assert [each["id"] for each in (await api.get(FOLDERS, params={"search": "PRI"})).json()] == [folder["id"]]
    assert (await stranger.delete(f"{FOLDERS}/{folder['id']}")).status_code == 404
    assert (await api.delete(f"{FOLDERS}/{folder['id']}")).json() == {"id": folder["id"]}
    kept = (await api.get(f"{LINKS}/info", params={"linkId": link["id"]})).json()
    assert (kept["id"], kept["folderId"]) == (link["id"], None)


async def test_links_carry_tags_by_id_and_by_name(api: httpx.AsyncClient) -> None:
    one, two = await made(api, TAGS, name="One"), await made(api, TAGS, name="Two")
    link = await made(api, LINKS, url=URL, tagIds=[two["id"]], tagNames="ONE")
    assert (link["tags"], link["tagId"]) == ([one, two], one["id"])

    async def retagged(**body: Any) -> list[dict[str, str]]:
        answer = await api.patch(f"{LINKS}/{link['id']}", json=body)
        return list(answer.json()["tags"])

    assert await retagged(title="T") == [one, two]
    assert await retagged(tagIds=two["id"]) == [two]
    assert await retagged(tagNames=["one", "TWO"]) == [one, two]
    assert await retagged(tagId=one["id"]) == [one]
    assert await retagged(tagIds=[]) == []
    await api.patch(f"{LINKS}/{link['id']}", json={"tagIds": [one["id"]]})
    await api.delete(f"{TAGS}/{one['id']}")
    assert await retagged() == []


async def test_links_are_filtered_and_counted_by_tag_and_folder(api: httpx.AsyncClient) -> None:
    one, two = await made(api, TAGS, name="F1"), await made(api, TAGS, name="F2")
    folder = await made(api, FOLDERS, name="F")
    links = [
        await made(api, LINKS, url=URL, tagIds=[one["id"], two["id"]], folderId=folder["id"]),
        await made(api, LINKS, url=URL, tagIds=[one["id"]]),
        await made(api, LINKS, url=URL),
    ]
    named = [link["key"] for link in links]
    assert await keys(api, tagId=one["id"]) == [named[1], named[0]]
    assert await keys(api, tagIds=f"{two['id']},tag_none") == [named[0]]
    assert await keys(api, tagNames="f2,unknown") == [named[0]]
    assert await keys(api, tagIds=one["id"], tagNames="f2") == [named[0]]
    assert await keys(api, tagId="tag_none") == []
    assert await keys(api, folderId=folder["id"]) == [named[0]]
    assert await keys(api, withTags="true") == [named[1], named[0]]

    async def groups(field: str) -> list[dict[str, Any]]:
        return list((await api.get(f"{LINKS}/count", params={"groupBy": field})).json())

    assert await groups("tagId") == [{"tagId": one["id"], "_count": 2}, {"tagId": two["id"], "_count": 1}]
    both = await api.get(f"{LINKS}/count", params={"groupBy": "tagId", "tagNames": "f2", "withTags": "true"})
    assert both.json() == [{"tagId": one["id"], "_count": 1}, {"tagId": two["id"], "_count": 1}]
    assert await groups("folderId") == [{"folderId": folder["id"], "_count": 1}]
    assert await groups("domain") == [{"domain": "localhost", "_count": 3}]
    assert await groups("userId") == [{"userId": links[0]["userId"], "_count": 3}]


@pytest.mark.parametrize(
    ("field", "value"), [("tagIds", ["tag_none"]), ("tagNames", "none"), ("tagId", "x"), ("folderId", "fold_zz")]
)
async def test_tags_and_folders_that_are_not_there_are_named(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient, field: str, value: Any
) -> None:
    link = await made(api, LINKS, url=URL)
    foreign = await made(stranger, TAGS if field == "tagIds" else FOLDERS, name="Mine")
    for given in (value, [foreign["id"]] if field == "tagIds" else foreign["id"]):
        for answer in (
            await api.post(LINKS, json={"url": URL, field: given}),
            await api.patch(f"{LINKS}/{link['id']}", json={field: given}),
        ):
            assert answer.status_code == 422
            assert answer.json()["error"]["message"].startswith("tagIds" if field == "tagId" else field)


async def test_of_many_links_only_those_with_unknown_tags_or_folders_are_not_made(api: httpx.AsyncClient) -> None:
    tag = await made(api, TAGS, name="Bulk")
    sent = [{"url": URL, "tagNames": "bulk"}, {"url": URL, "tagNames": "no"}, {"url": URL, "folderId": "fold_zz"}]
    first, second, third = (await api.post(f"{LINKS}/bulk", json=sent)).json()
    assert (first["tags"], second["code"], third["code"]) == ([tag], "unprocessable_entity", "unprocessable_entity")
