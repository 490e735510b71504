"""The edge asks for links that KV does not have."""

import time
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import httpx
import pytest
from starlette.applications import Starlette

from shared.kv_record import decode
from shared.signing import HEADER, sign, verify
from tests.origin_app import EDGE_SECRET, make_client


@pytest.fixture
async def edge(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(app) as client:
        yield client


async def ask(
    edge: httpx.AsyncClient, domain: str, code: str, *, secret: str = EDGE_SECRET, ago: float = 0
) -> httpx.Response:
    path = "/internal/links?" + urlencode({"domain": domain, "code": code})
    return await edge.get(path, headers={HEADER: sign(secret, "GET", path, b"", time.time() - ago)})


@pytest.mark.parametrize("key", ["plain", "été-🎉", "a&b=c", "q+1x"])
async def test_a_link_is_answered_with_its_record(api: httpx.AsyncClient, edge: httpx.AsyncClient, key: str) -> None:
    url = "https://example.com/ü?a=b#c"
    made = await api.post("/api/v1/links", json={"url": url, "key": key})
    assert made.status_code == 200, made.text
    answer = await ask(edge, "localhost", key)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert decode(answer.text).url == url


async def test_an_unknown_link_is_not_found(edge: httpx.AsyncClient) -> None:
    for domain, code in (("localhost", "nothing"), ("elsewhere.example", "plain"), ("localhost", "nul\0")):
        assert (await ask(edge, domain, code)).status_code == 404


async def test_the_answer_is_signed_for_this_question(api: httpx.AsyncClient, edge: httpx.AsyncClient) -> None:
    await api.post("/api/v1/links", json={"url": "https://example.com/", "key": "signed"})
    for code in ("signed", "unknown"):
        answer = await ask(edge, "localhost", code)
        path = answer.request.url.raw_path.decode()
        verify(EDGE_SECRET, answer.headers[HEADER], "RESPONSE", path, answer.content, time.time())


async def test_a_question_that_is_not_signed_is_refused(edge: httpx.AsyncClient) -> None:
    unsigned = await edge.get("/internal/links?domain=localhost&code=x")
    foreign = await ask(edge, "localhost", "x", secret="another")
    old = await ask(edge, "localhost", "x", ago=600)
    assert [answer.status_code for answer in (unsigned, foreign, old)] == [401, 401, 401]
