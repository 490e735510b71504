"""Request ids and the bound on bodies, on the smallest app."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from origin.middleware import BodyLimit, RequestTrace
from origin.problems import ApiProblem, on_api_problem


async def echo(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def fail(request: Request) -> Response:
    raise RuntimeError("a secret")


async def ignore(request: Request) -> Response:
    return PlainTextResponse("not read")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(
        routes=[Route("/", echo, methods=["POST"]), Route("/ignore", ignore, methods=["POST"]), Route("/fail", fail)],
        middleware=[Middleware(RequestTrace, log=False), Middleware(BodyLimit, most=1000)],
        exception_handlers={ApiProblem: on_api_problem},
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as opened:
        yield opened


async def pieces(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * 100


async def test_a_body_of_the_largest_size_is_read(client: httpx.AsyncClient) -> None:
    assert (await client.post("/", content=b"x" * 1000)).text == "1000"
    assert (await client.post("/", content=pieces(10))).text == "1000"


async def test_a_larger_one_is_refused_announced_or_not(client: httpx.AsyncClient) -> None:
    for content in (b"x" * 1001, pieces(11)):
        answer = await client.post("/", content=content)
        assert answer.status_code == 413
        assert "1000 bytes at most" in answer.json()["error"]["message"]


async def test_a_body_that_nobody_reads_is_nobodys_trouble(client: httpx.AsyncClient) -> None:
    assert (await client.post("/ignore", content=b"x" * 5000)).text == "not read"


async def test_a_length_that_is_no_number_is_not_believed(client: httpx.AsyncClient) -> None:
    answer = await client.post("/", content=pieces(11), headers={"Content-Length": "few"})
    assert answer.status_code == 413


async def test_a_proper_request_id_is_kept(client: httpx.AsyncClient) -> None:
    answer = await client.post("/", headers={"X-Request-Id": "caller-1.2:3"})
    assert answer.headers["x-request-id"] == "caller-1.2:3"


@pytest.mark.parametrize("given", [None, "", "white space", "x" * 65, '{"json":1}'])
async def test_any_other_gets_one_of_our_own(client: httpx.AsyncClient, given: str | None) -> None:
    answer = await client.post("/", headers={} if given is None else {"X-Request-Id": given})
    assert answer.headers["x-request-id"] != given
    assert len(answer.headers["x-request-id"]) == 16


async def test_the_answer_to_what_nobody_expected_has_the_id_and_no_detail(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fail", headers={"X-Request-Id": "asked-1"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "asked-1")
    assert answer.json()["error"]["code"] == "internal_server_error"
    assert "a secret" not in answer.text
