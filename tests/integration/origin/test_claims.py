"""One-time links: of all that claim one at once, one gets it."""

import asyncio
import time
from collections import Counter
from urllib.parse import urlencode

import httpx
from starlette.applications import Starlette

from shared.signing import HEADER, sign, verify
from tests.origin_app import EDGE_SECRET, make_client


async def claim(edge: httpx.AsyncClient, code: str, claim: str, secret: str = EDGE_SECRET) -> httpx.Response:
    path = "/internal/claims?" + urlencode({"domain": "localhost", "code": code, "claim": claim})
    return await edge.post(path, headers={HEADER: sign(secret, "POST", path, b"", time.time())})


async def test_one_of_many_claims_at_once_is_granted(api: httpx.AsyncClient, app: Starlette) -> None:
    made = await api.post("/api/v1/links", json={"url": "https://example.com/", "key": "once"})
    assert made.status_code == 200, made.text
    async with make_client(app) as edge:
        answers = await asyncio.gather(*(claim(edge, "once", f"visit-{number}") for number in range(30)))
        assert Counter(answer.status_code for answer in answers) == {200: 1, 410: 29}
        (winner,) = [answer for answer in answers if answer.status_code == 200]
        again = await edge.post(str(winner.request.url), headers={HEADER: winner.request.headers[HEADER]})
        assert again.status_code == 200
        path = again.request.url.raw_path.decode()
        verify(EDGE_SECRET, again.headers[HEADER], "RESPONSE", path, again.content, time.time())


async def test_what_is_unknown_or_unsigned_is_not_granted(app: Starlette) -> None:
    async with make_client(app) as edge:
        assert (await claim(edge, "nothing", "visit")).status_code == 404
        assert (await claim(edge, "nothing", "visit", "another secret")).status_code == 401
        assert (await claim(edge, "nothing", "")).status_code == 422
