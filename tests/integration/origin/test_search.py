"""Searching links: what is found, and in which order."""

from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.links.search import slips
from tests.factories import Account

LINKS = "/api/v1/links"


async def made(api: httpx.AsyncClient, key: str, **body: Any) -> None:
    answer = await api.post(LINKS, json={"url": "https://example.com/", "key": key, **body})
    assert answer.status_code == 200, answer.text


async def found(api: httpx.AsyncClient, text: str, **query: Any) -> list[str]:
    listed = (await api.get(LINKS, params={"search": text, **query})).json()
    if not query:
        assert (await api.get(f"{LINKS}/count", params={"search": text})).json() == len(listed)
    return [link["key"].partition("--")[0] for link in listed]


@pytest.fixture
async def catalogue(api: httpx.AsyncClient, account: Account) -> None:
    end = f"--{account.workspace_id}"
    await api.post("/api/v1/tags", json={"name": "Winter Wonderland"})
    await made(api, f"in-url{end}", url="https://shop.example.net/spring-collection?ref=news")
    await made(api, f"in-title{end}", title="The Spring Collection")
    await made(api, f"spring{end}", comments="its code has the word")
    await made(api, f"in-comments{end}", comments="For the campaign in SPRING, Größe XL")
    await made(api, f"tagged{end}", tagNames="winter wonderland", title="Coats")
    await made(api, f"🎉-party{end}", title="Geburtstag")


@pytest.mark.usefixtures("catalogue")
async def test_words_are_found_wherever_they_stand_the_code_first(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    hits = await found(api, "spring")
    assert hits[:2] == ["spring", "in-title"]
    assert set(hits) == {"spring", "in-title", "in-url", "in-comments"}
    assert await found(api, "spring", sortBy="createdAt") == ["in-comments", "spring", "in-title", "in-url"]
    assert await found(stranger, "spring") == []


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("spring coll", {"in-title", "in-url"}),
        ("COLLECTION spr", {"in-title", "in-url"}),
        ("shop.example.net", {"in-url"}),
        ("größe", {"in-comments"}),
        ("grösse", {"in-comments"}),
        ("party", {"🎉-party"}),
        ("wonder", {"tagged"}),
        ("winter wonderland", {"tagged"}),
        ("winter spring", set()),
        ("nothing like that", set()),
        ("!?", set()),
        ("' | \\ :* & (", set()),
    ],
)
async def test_all_words_have_to_be_there_or_begin_something(api: httpx.AsyncClient, text: str, keys: set[str]) -> None:
    assert set(await found(api, text)) == keys


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("text", ["sprnig", "collecton", "colection spring", "campain", "geburstag"])
async def test_typing_mistakes_are_forgiven(api: httpx.AsyncClient, text: str) -> None:
    assert await found(api, text)


@pytest.mark.usefixtures("catalogue")
async def test_pg_trgm_finds_the_same_words_where_the_database_has_it(
    api: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    mistyped = ("sprnig", "sprin collectoin", "campain", "geburstag", "wonderlnd", "nothinglikeit")
    before = [await found(api, text) for text in mistyped]
    async with engine.begin() as connection:
        available = "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'"
        if not (await connection.exec_driver_sql(available)).scalar_one():
            pytest.skip("this Postgres has no pg_trgm to install; the distribution's own, in .ci/postgres15, has")
        await connection.exec_driver_sql("CREATE EXTENSION pg_trgm")
    try:
        assert [await found(api, text) for text in mistyped] == before
    finally:
        async with engine.begin() as connection:
            await connection.exec_driver_sql("DROP EXTENSION pg_trgm")
    assert any(before)


@pytest.mark.usefixtures("catalogue")
async def test_a_change_changes_what_a_link_is_found_by(api: httpx.AsyncClient) -> None:
    (link,) = (await api.get(LINKS, params={"search": "geburtstag"})).json()
    await api.patch(f"{LINKS}/{link['id']}", json={"title": "Jubiläum"})
    assert await found(api, "geburtstag") == []
    assert await found(api, "jubil") == ["🎉-party"]


@pytest.mark.parametrize(
    ("typed", "meant", "count"),
    [("spring", "spring", 0), ("sprnig", "spring", 1), ("sprng", "spring", 1), ("sprinng", "spring", 1), ("", "abc", 3),
     ("spting", "spring", 1), ("psrnig", "spring", 2)],
)  # fmt: skip
def test_slips_are_counted(typed: str, meant: str, count: int) -> None:
    assert slips(typed, meant) == count
