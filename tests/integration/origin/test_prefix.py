"""Codes of several segments: made by `prefix` and by `key`, found by all that takes a code, told to the links above them."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin.links import tree
from shared.kv_record import decode
from shared.signing import HEADER, sign, verify
from shared.slug import ALPHABET
from tests.factories import Account, new_account
from tests.integration.origin import outbox
from tests.origin_app import EDGE_SECRET, make_client

URL = "https://example.com/"
LINKS = "/api/v1/links"
CARRIES = {"forwardPath": True}


async def make(api: httpx.AsyncClient, key: str, **fields: Any) -> dict[str, Any]:
    answer = await api.post(LINKS, json={"url": URL, "key": key, **fields})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def refused(api: httpx.AsyncClient, **body: Any) -> tuple[int, str]:
    answer = await api.post(LINKS, json={"url": URL, **body})
    return answer.status_code, answer.json()["error"]["message"]


async def below(engine: AsyncEngine, key: str) -> Any:
    """What the newest record of a link on localhost says of the codes below it."""
    return decode(str(await outbox.latest(engine, f"localhost/{key}"))).options.get("below")


@pytest.mark.parametrize("prefix", ["c", "/c", "c/", "/c/"])
async def test_a_prefix_stands_before_made_up_keys(api: httpx.AsyncClient, prefix: str) -> None:
    link = (await api.post(LINKS, json={"url": URL, "prefix": prefix, "keyLength": 5})).json()
    first, code = link["key"].split("/")
    assert (first, len(code)) == ("c", 5)
    assert set(code) <= set(ALPHABET)
    assert link["shortLink"] == f"http://localhost:8787/{link['key']}"
    assert quote(link["shortLink"], safe="") in link["qrCode"]


async def test_a_prefix_of_nothing_changes_nothing_and_a_given_key_wins(api: httpx.AsyncClient) -> None:
    for prefix in ("", "/", None):
        assert "/" not in (await api.post(LINKS, json={"url": URL, "prefix": prefix})).json()["key"]
    assert (await make(api, "own-key", prefix="c"))["key"] == "own-key"
    upserted = (await api.put(f"{LINKS}/upsert", json={"url": URL + "upsert", "prefix": "u/p"})).json()
    assert upserted["key"].startswith("u/p/")
    again = (await api.put(f"{LINKS}/upsert", json={"url": URL + "upsert", "prefix": "other"})).json()
    assert again["key"] == upserted["key"]  # a prefix is for new keys alone


@pytest.mark.parametrize(
    "prefix", ["a/b/c/d", "a//b", "..", "a b", "robots.txt", ".well-known", "x" * 190, "a+", "a.qr"]
)
async def test_a_prefix_that_no_code_could_have_is_refused(api: httpx.AsyncClient, prefix: str) -> None:
    status, message = await refused(api, prefix=prefix)
    assert (status, message.partition(":")[0]) == (422, "prefix")


@pytest.mark.parametrize(
    "key", ["a/b/c/d/e", "a//b", "a/../b", "a+/b", "a/b.qr", "a/b.qr.png", "healthz/x", "_nearhop/x"]
)
async def test_a_key_of_segments_obeys_the_rules_of_codes(api: httpx.AsyncClient, key: str) -> None:
    status, message = await refused(api, key=key)
    assert (status, message.partition(":")[0]) == (422, "key")


async def test_a_code_of_segments_is_found_by_everything_that_takes_a_code(
    api: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    link = await make(api, "/docs-1/é 🎉/install/".replace(" ", "-"), title="Guide")
    key = "docs-1/é-🎉/install"
    assert link["key"] == key
    assert link["shortLink"].endswith("/docs-1/%C3%A9-%F0%9F%8E%89/install")
    for asked in (key, f"/{key}/"):
        found = (await api.get(f"{LINKS}/info", params={"domain": "localhost", "key": asked})).json()
        assert found["id"] == link["id"]
    assert [each["id"] for each in (await api.get(LINKS, params={"search": "install"})).json()] == [link["id"]]
    assert decode(str(await outbox.latest(engine, f"localhost/{key}"))).url == URL
    assert (await refused(api, key=key))[0] == 409
    alias = (await api.post(f"{LINKS}/{link['id']}/aliases", json={"key": "docs-1/setup"})).json()
    assert (alias["key"], alias["shortLink"]) == ("docs-1/setup", "http://localhost:8787/docs-1/setup")
    moved = await api.patch(f"{LINKS}/{link['id']}", json={"key": "docs-1/start"})
    assert moved.json()["key"] == "docs-1/start"
    assert await outbox.latest(engine, f"localhost/{key}") is None
    former = await api.post(f"{LINKS}/{link['id']}/versions/1/restore")
    assert former.json()["key"] == key


async def test_a_bulk_with_prefixes_makes_what_can_be_made(api: httpx.AsyncClient) -> None:
    bodies = [{"url": URL, "prefix": "bulk"}, {"url": URL, "prefix": "a//b"}, {"url": URL, "key": "bulk/x"}] * 2
    made = (await api.post(f"{LINKS}/bulk", json=bodies)).json()
    assert [each.get("code") for each in made] == [
        None, "unprocessable_entity", None, None, "unprocessable_entity", "conflict",
    ]  # fmt: skip
    assert len({each["key"] for each in made if "key" in each}) == 3


async def test_a_link_that_carries_paths_on_knows_the_codes_below_it(
    api: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    await make(api, "know/before")
    link = await make(api, "know", redirect=CARRIES)
    assert await below(engine, "know") == ["before"]
    made = await make(api, "know/v2/install")
    assert await below(engine, "know") == ["before", "v2/install"]
    await make(api, "knows/not")  # begins with the same letters
    await make(api, "know-not")
    alias = (await api.post(f"{LINKS}/{made['id']}/aliases", json={"key": "know/setup"})).json()
    assert await below(engine, "know") == ["before", "setup", "v2/install"]
    await api.patch(f"{LINKS}/{made['id']}", json={"key": "elsewhere"})
    assert await below(engine, "know") == ["before", "setup"]
    await api.delete(f"{LINKS}/{made['id']}/aliases/{alias['id']}")
    assert await below(engine, "know") == ["before"]
    await api.patch(f"{LINKS}/{link['id']}", json={"url": URL + "edited"})
    assert await below(engine, "know") == ["before"]
    await api.patch(f"{LINKS}/{link['id']}", json={"redirect": None})
    assert await below(engine, "know") is None
    other = await make(api, "know/after")
    assert await below(engine, "know") is None
    await api.patch(f"{LINKS}/{link['id']}", json={"redirect": CARRIES})
    assert await below(engine, "know") == ["after", "before"]
    await api.delete(f"{LINKS}/bulk", params={"linkIds": other["id"]})
    assert await below(engine, "know") == ["before"]


async def test_an_alias_of_a_link_that_carries_paths_on_knows_its_own(
    api: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    link = await make(api, "main-code", redirect=CARRIES)
    await api.post(f"{LINKS}/{link['id']}/aliases", json={"key": "other-code"})
    await make(api, "other-code/x")
    assert (await below(engine, "main-code"), await below(engine, "other-code")) == (None, ["x"])


async def test_what_lies_below_a_password_is_sealed(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    await make(api, "secret", redirect=CARRIES, password="s3cret-word")
    await make(api, "secret/plans")
    value = str(await outbox.latest(engine, "localhost/secret"))
    assert "plans" not in value
    assert set(decode(value).options) == {"password", "sealed"}


async def test_no_workspace_makes_codes_below_anothers(api: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    link = await make(api, "mine")
    bodies: list[dict[str, Any]] = [{"key": "mine/x"}, {"prefix": "mine"}, {"key": "mine/x/y"}]
    for body in bodies:
        status, message = await refused(stranger, **body)
        assert (status, "mine is taken" in message) == (409, True)
    theirs = await make(stranger, "theirs")
    moved = await stranger.patch(f"{LINKS}/{theirs['id']}", json={"key": "mine/x"})
    alias = await stranger.post(f"{LINKS}/{theirs['id']}/aliases", json={"key": "mine/x"})
    assert (moved.status_code, alias.status_code) == (409, 409)
    await make(stranger, "first/theirs")
    forwarding = await refused(api, key="first", redirect=CARRIES)
    assert forwarding[0] == 409
    assert forwarding[1].startswith("redirect.forwardPath: another workspace")
    plain = await make(api, "first")
    turned = await api.patch(f"{LINKS}/{plain['id']}", json={"redirect": CARRIES})
    moved = await api.patch(f"{LINKS}/{link['id']}", json={"key": "first/x", "redirect": CARRIES})
    assert (turned.status_code, moved.status_code) == (409, 200)


async def test_the_codes_below_a_link_that_carries_paths_on_are_bounded(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("origin.links.tree", "origin.links.below", "origin.links.store"):
        monkeypatch.setattr(f"{module}.MOST_BELOW", 3)
    await make(api, "full", redirect=CARRIES)
    bodies = [{"url": URL, "key": f"full/{n}"} for n in range(3)]
    assert all("id" in each for each in (await api.post(f"{LINKS}/bulk", json=bodies)).json())
    assert (await refused(api, key="full/x"))[1].startswith("key: localhost/full carries paths on")
    assert (await refused(api, prefix="full"))[0] == 422
    for number in range(4):
        await make(api, f"crowd/{number}")
    assert (await refused(api, key="crowd", redirect=CARRIES))[1].startswith("redirect.forwardPath: more than 3")
    plain = await make(api, "crowd")
    turned = await api.patch(f"{LINKS}/{plain['id']}", json={"redirect": CARRIES})
    assert turned.status_code == 422


async def test_codes_made_at_the_same_time_are_all_known_above_them(
    api: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    names = [f"n{number}" for number in range(10)]
    bodies: list[dict[str, Any]] = [{"key": "rush", "redirect": CARRIES}, *({"key": f"rush/{each}"} for each in names)]
    answers = await asyncio.gather(*(api.post(LINKS, json={"url": URL, **body}) for body in bodies))
    assert {each.status_code for each in answers} == {200}
    assert await below(engine, "rush") == sorted(names)


async def test_edits_and_new_codes_below_do_not_hold_each_other_up(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    link = await make(api, "busy")
    calls = [api.post(LINKS, json={"url": URL, "key": f"busy/{n}"}) for n in range(6)]
    changes: list[dict[str, Any]] = [{"redirect": None, "title": "1"}, {"redirect": CARRIES, "title": "2"}]
    turns = [api.patch(f"{LINKS}/{link['id']}", json=change) for change in changes]
    answers = await asyncio.gather(*calls[:3], *turns, *calls[3:])
    assert {each.status_code for each in answers} == {200}
    shown = (await api.get(f"{LINKS}/info", params={"linkId": link["id"]})).json()
    known = [str(n) for n in range(6)] if (shown["redirect"] or {}).get("forwardPath") else None
    assert await below(engine, "busy") == known


@pytest.fixture
async def edge(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(app) as client:
        yield client


async def ask(edge: httpx.AsyncClient, path: str) -> tuple[int, str]:
    sent = f"/internal/links?domain=localhost&path={quote(path, safe='')}"
    answer = await edge.get(sent, headers={HEADER: sign(EDGE_SECRET, "GET", sent, b"", time.time())})
    verify(EDGE_SECRET, answer.headers[HEADER], "RESPONSE", sent, answer.content, time.time())
    return answer.status_code, answer.text


async def test_the_edge_is_told_what_leads_on_from_a_path(api: httpx.AsyncClient, edge: httpx.AsyncClient) -> None:
    await make(api, "way", redirect=CARRIES)
    await make(api, "way/plain")
    await make(api, "way/deep", redirect=CARRIES)
    await make(api, "way/deep/exact")
    for path, code in (
        ("way/deep/exact", "way/deep/exact"),
        ("way/deep/other", "way/deep"),
        ("way/plain", "way/plain"),
        ("way/plain/x", "way"),  # it carries nothing on
        ("way/plain/", "way"),
        ("way/x/y/z", "way"),
        ("way/", "way"),
    ):
        status, text = await ask(edge, path)
        assert (status, text.partition("\n")[0]) == (200, code)
        assert decode(text.partition("\n")[2]).url == URL


async def test_of_a_path_that_leads_nowhere_it_is_told_where_nothing_begins(
    api: httpx.AsyncClient, edge: httpx.AsyncClient
) -> None:
    await make(api, "town")
    await make(api, "state/town/street")
    for path, bare in (
        ("nothing/x", "nothing"),
        ("nothing/x/y", "nothing"),
        ("town/x", "town"),
        ("state/x", ""),
        ("state/x/y", "state/x"),
        ("state/town/x", ""),
        ("state/town/", ""),
        ("nul\0/x", ""),
    ):
        assert await ask(edge, path) == (404, bare)
    too_long = f"/internal/links?domain=localhost&path={'x/' * 100}"
    answer = await edge.get(too_long, headers={HEADER: sign(EDGE_SECRET, "GET", too_long, b"", time.time())})
    assert answer.status_code == 422


async def test_an_alias_carries_paths_on_as_its_link_does(api: httpx.AsyncClient, edge: httpx.AsyncClient) -> None:
    link = await make(api, "alias-main", redirect=CARRIES)
    await api.post(f"{LINKS}/{link['id']}/aliases", json={"key": "alias/two"})
    assert (await ask(edge, "alias/two/x"))[1].partition("\n")[0] == "alias/two"


@pytest.mark.parametrize("path", ["report/me", "report/me+", "report/me/"])
async def test_a_report_finds_the_code_of_all_segments(
    api: httpx.AsyncClient, edge: httpx.AsyncClient, path: str, account: Account
) -> None:
    name = account.workspace_id  # codes of the other tests stay there
    await make(api, f"{name}report", redirect=CARRIES)
    link = await make(api, f"{name}report/me")
    answer = await edge.post("/api/v1/reports", json={"url": f"http://localhost:8787/{name}{path}", "reason": "spam"})
    assert answer.status_code == 202, answer.text
    assert [each["linkId"] for each in (await api.get("/api/v1/reports")).json()] == [link["id"]]


async def test_codes_below_others_are_found_by_the_index(engine: AsyncEngine) -> None:
    await new_account(engine)
    async with engine.connect() as connection:
        await connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
        for name, values in (
            ("below", {"domains": ["localhost"], "keys": ["docs"], "most": 3}),
            ("bare", {"domain": "localhost", "keys": ["docs"]}),
        ):
            explained = await connection.execute(sa.text(f"EXPLAIN {tree._SQL[name].text}"), values)
            plan = "\n".join(explained.scalars())
            assert "links_domain_key_key" in plan
            assert "key >=" in plan.partition("Index Cond")[2]
