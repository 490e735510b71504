"""What a caller sends has bounds: its size, its depth, the length of each list in it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from origin.openapi import document, operations
from origin.storage.engine import make_engine
from tests.origin_app import make_app

LINKS = "/api/v1/links"
URL = "https://example.com/"


def unbounded(schema: dict[str, Any], components: dict[str, Any], place: str, seen: frozenset[str]) -> Iterator[str]:
    """The places in a schema where a caller may send as many of something as they like."""
    if "$ref" in schema:
        place = schema["$ref"].rpartition("/")[2]
        if place in seen:
            return
        schema, seen = components[place], seen | {place}
    more = schema.get("additionalProperties")
    if schema.get("type") == "array" and "maxItems" not in schema:
        yield f"{place}[]"
    if isinstance(more, dict) and "maxProperties" not in schema:
        yield f"{place}{{}}"
    parts = {**schema.get("properties", {}), **{f"any{n}": each for n, each in enumerate(schema.get("anyOf", []))}}
    if "items" in schema:
        parts["items"] = schema["items"]
    for name, part in parts.items():
        yield from unbounded(part, components, f"{place}.{name}", seen)


def test_every_list_and_map_that_a_caller_sends_has_a_most() -> None:
    app = make_app(make_engine("postgresql://nobody@127.0.0.1:9/nothing"))  # only described, never connected
    described = document(operations(app.routes), "test")
    found: set[str] = set()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            contents = operation.get("requestBody", {}).get("content", {}).values()
            for part in [*operation.get("parameters", []), *contents]:
                found |= set(
                    unbounded(part["schema"], described["components"]["schemas"], f"{method} {path}", frozenset())
                )
    assert found == set()


@pytest.mark.parametrize("opening", ["[", '{"a":'])
async def test_a_body_that_is_nested_too_deeply_is_no_body(api: httpx.AsyncClient, opening: str) -> None:
    for path in (LINKS, f"{LINKS}/bulk", "/api/v1/track/sale"):
        answer = await api.post(path, content=opening * 100_000)
        assert answer.status_code == 400, path
        assert answer.json()["error"]["code"] == "bad_request"


async def test_a_body_beyond_the_bound_is_refused(api: httpx.AsyncClient) -> None:
    answer = await api.post(LINKS, json={"url": URL, "comments": "x" * 1_000_000})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "bad_request")


async def test_lists_of_a_body_and_of_a_query_are_refused_beyond_their_most(api: httpx.AsyncClient) -> None:
    many = [f"tag_{n}" for n in range(101)]
    answers = [
        await api.post(LINKS, json={"url": URL, "tagIds": many}),
        await api.get(LINKS, params={"tagIds": ",".join(many)}),
        await api.get("/api/v1/tags", params={"ids": many}),
        await api.request("DELETE", f"{LINKS}/bulk", params={"linkIds": ",".join(many)}),
        await api.post(LINKS, json={"url": URL, "geo": {f"{a}{b}": URL for a in AZ for b in AZ}}),
        await api.post(f"{LINKS}/bulk", json=[{"url": URL}] * 101),
    ]
    assert [answer.status_code for answer in answers] == [422] * len(answers)


AZ = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
