"""One-time links: of all that claim one at once, one gets it."""

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
from starlette.applications import Starlette

from shared.signing import HEADER, sign, verify
from tests.origin_app import EDGE_SECRET, make_client


async def one_time(api: httpx.AsyncClient, key: str) -> dict[str, Any]:
    body = {"url": "https://example.com/", "key": key, "redirect": {"oneTime": True}}
    made = await api.post("/api/v1/links", json=body)
    assert made.status_code == 200, made.text
    return dict(made.json())


async def claim(edge: httpx.AsyncClient, code: str, claim: str, secret: str = EDGE_SECRET) -> httpx.Response:
    path = "/internal/claims?" + urlencode({"domain": "localhost", "code": code, "claim": claim})
    return await edge.post(path, headers={HEADER: sign(secret, "POST", path, b"", time.time())})


async def test_one_of_many_claims_at_once_is_granted(api: httpx.AsyncClient, app: Starlette) -> None:
    await one_time(api, "once")
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


async def test_an_alias_opens_the_same_link_and_not_once_more(api: httpx.AsyncClient, app: Starlette) -> None:
    link = await one_time(api, "once-by-name")
    await api.post(f"/api/v1/links/{link['id']}/aliases", json={"key": "once-by-alias"})
    async with make_client(app) as edge:
        assert (await claim(edge, "once-by-alias", "a")).status_code == 200
        assert (await claim(edge, "once-by-name", "b")).status_code == 410


async def test_a_link_that_was_opened_says_so_until_it_may_be_opened_again(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient, app: Starlette
) -> None:
    link = await one_time(api, "once-more")
    info, path = f"/api/v1/links/info?linkId={link['id']}", f"/api/v1/links/{link['id']}"
    assert link["openedAt"] is None
    async with make_client(app) as edge:
        assert (await claim(edge, "once-more", "first")).status_code == 200
        assert (await api.get(info)).json()["openedAt"] is not None
        assert (await stranger.post(f"{path}/open-again")).status_code == 404
        assert (await claim(edge, "once-more", "second")).status_code == 410
        opened = await api.post(f"{path}/open-again")
        assert (opened.status_code, opened.json()["openedAt"]) == (200, None)
        assert [(await claim(edge, "once-more", each)).status_code for each in ("third", "first")] == [200, 410]


async def test_switched_off_it_lets_everybody_in_and_switched_on_one_more(
    api: httpx.AsyncClient, app: Starlette
) -> None:
    link = await one_time(api, "once-off")
    path = f"/api/v1/links/{link['id']}"
    async with make_client(app) as edge:
        assert (await claim(edge, "once-off", "a")).status_code == 200
        await api.patch(path, json={"redirect": None})
        assert [(await claim(edge, "once-off", each)).status_code for each in "bc"] == [200, 200]
        refused = await api.post(f"{path}/open-again")
        assert (refused.status_code, refused.json()["error"]["message"][:17]) == (422, "redirect.oneTime:")
        await api.post(f"{path}/versions/1/restore")
        assert [(await claim(edge, "once-off", each)).status_code for each in "de"] == [200, 410]


async def test_a_link_that_is_over_is_not_granted_whatever_the_edge_still_knows(
    api: httpx.AsyncClient, app: Starlette
) -> None:
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    for number, change in enumerate([{"disabledAt": past}, {"expiresAt": past}]):
        link = await one_time(api, f"once-over-{number}")
        await api.patch(f"/api/v1/links/{link['id']}", json=change)
        async with make_client(app) as edge:
            assert (await claim(edge, f"once-over-{number}", "a")).status_code == 410
