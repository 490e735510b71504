"""Making, finding, changing and deleting links over the API."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from shared.kv_record import decode
from tests.factories import Account, new_domain, new_member
from tests.integration.origin.outbox import latest
from tests.origin_app import make_app, make_client

URL = "https://example.com/some/page?a=1&b=%20#end"


async def create(api: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await api.post("/api/v1/links", json={"url": URL, **fields})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_new_link_has_every_field_of_the_wire(api: httpx.AsyncClient, account: Account) -> None:
    link = await create(api, title="A page")
    nulls = {
        "externalId", "tenantId", "programId", "partnerId", "expiresAt", "expiredUrl", "disabledAt", "password",
        "description", "image", "video", "ios", "android", "geo", "folderId", "comments", "lastClicked", "tagId",
        "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
    }  # fmt: skip
    assert {name for name, value in link.items() if value is None} >= nulls
    assert (link["url"], link["title"], link["tags"], link["webhookIds"]) == (URL, "A page", [], [])
    assert link["workspaceId"] == link["projectId"] == account.workspace_id
    assert link["shortLink"] == f"http://localhost:8787/{link['key']}"
    assert len(link["key"]) == 7


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://EXAMPLE.com:80/../a//b/?q=%7e~|x",
        "https://münchen.example/straße?ö=ü&x=日本#ß",
        "https://example.com/?a=%2F%2f&&b#frag?ment#twice",
        "https://user:secret@example.com/",
        "https://example.com/" + "x" * 8000,
    ],
)
async def test_the_destination_is_kept_byte_for_byte(api: httpx.AsyncClient, engine: AsyncEngine, url: str) -> None:
    link = await create(api, url=url)
    assert link["url"] == url
    value = await latest(engine, f"localhost/{link['key']}")
    assert value is not None
    assert decode(value).url == url


async def test_a_link_is_found_by_id_by_key_and_by_external_id(api: httpx.AsyncClient) -> None:
    link = await create(api, externalId="order 7")
    for query in (
        {"linkId": link["id"]},
        {"linkId": "ext_order 7"},
        {"externalId": "ext_order 7"},
        {"externalId": "order 7"},
        {"domain": "LOCALHOST", "key": link["key"]},
    ):
        found = await api.get("/api/v1/links/info", params=query)
        assert (found.status_code, found.json()) == (200, link)


async def test_a_change_touches_only_what_it_names(api: httpx.AsyncClient) -> None:
    link = await create(api, title="Old", comments="Stays", externalId="e1")
    answer = await api.patch("/api/v1/links/ext_e1", json={"title": "New", "url": "https://example.org"})
    changed = answer.json()
    assert (changed["title"], changed["comments"], changed["url"]) == ("New", "Stays", "https://example.org")
    assert (changed["id"], changed["key"], changed["createdAt"]) == (link["id"], link["key"], link["createdAt"])
    assert changed["updatedAt"] > link["updatedAt"]


async def test_null_and_empty_text_clear_a_field(api: httpx.AsyncClient) -> None:
    link = await create(api, title="Old", externalId="clear me", tenantId="t")
    answer = await api.patch(f"/api/v1/links/{link['id']}", json={"title": None, "externalId": "", "tenantId": ""})
    assert [answer.json()[name] for name in ("title", "externalId", "tenantId")] == [None, None, None]


async def test_a_link_moves_to_another_key_and_the_old_one_is_free(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    link = await create(api, key="before")
    moved = await api.patch(f"/api/v1/links/{link['id']}", json={"key": "after"})
    assert moved.json()["shortLink"].endswith("/after")
    assert await latest(engine, "localhost/before") is None
    value = await latest(engine, "localhost/after")
    assert value is not None
    assert decode(value).url == URL
    assert (await create(api, key="before"))["id"] != link["id"]


async def test_a_deleted_link_is_gone(api: httpx.AsyncClient) -> None:
    link = await create(api)
    answer = await api.delete(f"/api/v1/links/{link['id']}")
    assert (answer.status_code, answer.json()) == (200, {"id": link["id"]})
    assert (await api.delete(f"/api/v1/links/{link['id']}")).status_code == 404


async def test_codes_of_the_length_asked_for_may_be_sent_as_floats(api: httpx.AsyncClient) -> None:
    assert len((await create(api, keyLength=5.0))["key"]) == 5
    refused = await api.post("/api/v1/links", json={"url": URL, "keyLength": 5.5})
    assert refused.status_code == 422


async def test_own_codes_may_be_emoji_and_are_percent_encoded_in_the_short_link(api: httpx.AsyncClient) -> None:
    link = await create(api, key="été-🎉")
    assert link["key"] == "été-🎉"
    assert link["shortLink"] == "http://localhost:8787/%C3%A9t%C3%A9-%F0%9F%8E%89"


async def test_a_domain_of_the_workspace_can_be_used_and_the_primary_one_is_the_default(
    api: httpx.AsyncClient, engine: AsyncEngine, account: Account
) -> None:
    domain = await new_domain(engine, account.actor.workspace_id, primary=True)
    assert (await create(api, key="k"))["shortLink"] == f"https://{domain}/k"
    assert (await create(api, domain="localhost", key="on-localhost"))["domain"] == "localhost"


async def test_utm_fields_are_written_into_the_url_and_read_from_it(api: httpx.AsyncClient) -> None:
    link = await create(api, url="https://example.com/?a=1#f", utm_source="news letter", ref="x")
    assert link["url"] == "https://example.com/?a=1&utm_source=news%20letter&ref=x#f"
    assert link["utm_source"] == "news letter"
    changed = await api.patch(f"/api/v1/links/{link['id']}", json={"utm_source": None, "utm_term": "t"})
    assert changed.json()["url"] == "https://example.com/?a=1&ref=x&utm_term=t#f"
    assert (changed.json()["utm_source"], changed.json()["utm_term"]) == (None, "t")


async def test_anothers_link_can_be_neither_seen_nor_changed(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    link = await create(api, key="mine", externalId="private")
    path = f"/api/v1/links/{link['id']}"
    answers = [
        await stranger.get("/api/v1/links/info", params={"linkId": link["id"]}),
        await stranger.get("/api/v1/links/info", params={"domain": "localhost", "key": "mine"}),
        await stranger.get("/api/v1/links/info", params={"externalId": "private"}),
        await stranger.patch(path, json={"title": "Taken over"}),
        await stranger.delete(path),
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert {answer.json()["error"]["code"] for answer in answers} == {"not_found"}
    assert (await stranger.get("/api/v1/links", params={"search": "mine"})).json() == []
    assert (await api.get("/api/v1/links/info", params={"linkId": link["id"]})).json() == link


async def test_anothers_domain_can_not_be_used(
    api: httpx.AsyncClient, engine: AsyncEngine, stranger: httpx.AsyncClient
) -> None:
    me = (await api.get("/api/v1/me")).json()["workspaceId"]
    workspace_id = int(me.removeprefix("ws_"), 36)
    domain = await new_domain(engine, workspace_id)
    answer = await stranger.post("/api/v1/links", json={"url": URL, "domain": domain})
    assert (answer.status_code, answer.json()["error"]["message"].partition(":")[0]) == (422, "domain")


async def test_a_viewer_reads_and_does_not_write(
    app: Starlette, api: httpx.AsyncClient, engine: AsyncEngine, account: Account
) -> None:
    link = await create(api)
    viewer = await new_member(engine, account.actor.workspace_id, "viewer")
    async with make_client(app, viewer.api_key) as client:
        assert (await client.get("/api/v1/links/info", params={"linkId": link["id"]})).status_code == 200
        answers = [
            await client.post("/api/v1/links", json={"url": URL}),
            await client.post("/api/v1/links/bulk", json=[{"url": URL}]),
            await client.put("/api/v1/links/upsert", json={"url": URL}),
            await client.patch(f"/api/v1/links/{link['id']}", json={"title": "x"}),
            await client.delete(f"/api/v1/links/{link['id']}"),
            await client.post("/api/v1/api-keys", json={"name": "x"}),
        ]
    assert {answer.status_code for answer in answers} == {403}
    assert {answer.json()["error"]["code"] for answer in answers} == {"forbidden"}


async def test_links_show_the_clicks_that_analytics_counts(engine: AsyncEngine, account: Account) -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)

    class Totals:
        async def for_links(self, workspace_id: int, link_ids: Any) -> dict[int, tuple[int, datetime | None]]:
            return {link_ids[0]: (5, at)}

    async with make_client(make_app(engine, totals=Totals()), account.api_key) as client:
        link = await create(client)
    assert (link["clicks"], link["lastClicked"]) == (5, "2026-01-02T00:00:00Z")
