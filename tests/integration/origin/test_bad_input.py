"""What is refused, and that it is said what is wrong with it."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.origin_app import make_client

URL = "https://example.com/"
LINKS = "/api/v1/links"


def message(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["message"])


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("not a url", "percent-encode"),
        ("example.com", "begin it with https://"),
        ("", "begin it with https://"),
        ("javascript:alert(1)", "javascript: is not a scheme"),
        ("data:text/html,x", "data: is not a scheme"),
        ("file:///etc/passwd", "file: is not a scheme"),
        ("myapp://open", "myapp: is not a scheme"),
        ("https://example.com/" + "x" * 40_000, "8192 is the most"),
        ("http://localhost:8787/abc", "short domain of this installation"),
        ("http://localhost:3000/abc", "not reachable from the public internet"),
        ("http://10.0.0.1/", "NEARHOP_ALLOW_PRIVATE_DESTINATIONS"),
    ],
)
async def test_a_bad_destination_is_refused_with_its_reason(api: httpx.AsyncClient, url: str, reason: str) -> None:
    answer = await api.post(LINKS, json={"url": url})
    assert answer.status_code == 422
    assert message(answer).startswith("url: ")
    assert reason in message(answer)


@pytest.mark.parametrize(
    "key", ["a//b", "a b", "a?b", "a#b", "a\\b", "x" * 191, "..", "healthz", "abc+", "abc.qr", "é" * 170]
)
async def test_a_bad_code_is_refused_with_its_reason(api: httpx.AsyncClient, key: str) -> None:
    answer = await api.post(LINKS, json={"url": URL, "key": key})
    assert answer.status_code == 422
    assert message(answer).startswith("key: ")


async def test_asking_a_field_without_effect_for_nothing_is_fine(api: httpx.AsyncClient) -> None:
    body: dict[str, Any] = {"url": URL, "expiresAt": None, "proxy": False, "tagIds": [], "geo": None, "password": ""}
    assert (await api.post(LINKS, json=body)).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": 5}, "url"),
        ({"url": URL, "titel": "x"}, "titel"),
        ({"title": "x"}, "url"),
        ({"url": URL, "title": "x" * 2001}, "title"),
        ({"url": URL, "externalId": "a/b"}, "externalId"),
        ({"url": URL, "keyLength": 2}, "keyLength"),
        ({"url": URL, "domain": "not.mine.example"}, "domain"),
        ([], "array"),
        ({"url": URL, "title": "nul \0"}, "U+0000"),
    ],
)
async def test_a_field_that_does_not_fit_is_named(api: httpx.AsyncClient, body: Any, field: str) -> None:
    answer = await api.post(LINKS, json=body)
    assert answer.status_code == 422
    assert field in message(answer)


@pytest.mark.parametrize(
    "body", [b"{", b"", b'{"url": }', b"\xff\xfe", b'{"url":"' + b"\xff" + b'"}', b'{"url":"\\ud800"}', b"[" * 5000]
)
async def test_malformed_json_is_a_bad_request(api: httpx.AsyncClient, body: bytes) -> None:
    for path in (LINKS, f"{LINKS}/bulk"):
        answer = await api.post(path, content=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


async def test_a_body_of_10_mb_is_refused_whether_its_length_is_announced_or_not(api: httpx.AsyncClient) -> None:
    async def chunks() -> Any:
        for _ in range(160):
            yield b"x" * 65536

    announced = await api.post(LINKS, content=b"x" * 10_000_000)
    chunked = await api.post(LINKS, content=chunks())
    assert [answer.status_code for answer in (announced, chunked)] == [413, 413]
    assert "1000000 bytes at most" in message(announced)


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer nope", "Bearer nh_wrong", "Basic eDp5", "Bearer v4.local.AAAA"]
)
async def test_a_wrong_token_is_unauthorized(app: Starlette, header: str | None) -> None:
    async with make_client(app) as client:
        answer = await client.get(LINKS, headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("pageSize=101", "pageSize"),
        ("sortBy=name", "sortBy"),
        ("groupBy=domain", "groupBy"),
        ("pag=1", "pag"),
        ("search=%00", "search"),
    ],
)
async def test_a_query_that_does_not_fit_is_refused_by_name(api: httpx.AsyncClient, query: str, field: str) -> None:
    answer = await api.get(f"{LINKS}?{query}")
    assert answer.status_code == 422
    assert field in message(answer)


@pytest.mark.parametrize(
    "link_id", ["link_", "link_zz zz", "link_00", "link_" + "z" * 30, "1", "ext_none", "ext_%00", "%00"]
)
async def test_what_is_no_id_is_not_found(api: httpx.AsyncClient, link_id: str) -> None:
    assert (await api.patch(f"{LINKS}/{link_id}", json={})).status_code == 404
    assert (await api.delete(f"{LINKS}/{link_id}")).status_code == 404


async def test_unknown_paths_and_methods_get_errors_of_the_same_shape(api: httpx.AsyncClient) -> None:
    nowhere = await api.get("/api/v1/nowhere")
    wrong_method = await api.put(LINKS, json={})
    assert [answer.status_code for answer in (nowhere, wrong_method)] == [404, 405]
    assert nowhere.json()["error"]["code"] == "not_found"
    assert wrong_method.json()["error"]["doc_url"].endswith("/api/v1/docs/errors#bad_request")
    assert wrong_method.headers["allow"] == "GET, HEAD, POST"
    assert message(wrong_method) == "PUT is not possible here; GET, HEAD and POST are."


async def test_who_reads_a_link_by_its_id_alone_is_told_where_links_are_read(api: httpx.AsyncClient) -> None:
    answer = await api.get(f"{LINKS}/link_1")
    assert answer.status_code == 405
    assert message(answer) == (
        "GET is not possible here; DELETE and PATCH are. GET /api/v1/links/info?linkId=... reads a link."
    )


@pytest.mark.parametrize("path", ["/", "/api/v1", "/api/v1/"])
async def test_the_addresses_of_the_api_and_of_origin_lead_to_the_documentation(
    api: httpx.AsyncClient, path: str
) -> None:
    answer = await api.get(path, follow_redirects=True)
    assert (answer.status_code, answer.url.path) == (200, "/api/v1/docs")
