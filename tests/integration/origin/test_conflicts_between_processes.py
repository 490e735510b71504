"""Many at once, through several processes of origin on one Postgres."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle

import httpx
import pytest

from origin.storage.engine import make_engine
from tests.conftest import unused_port
from tests.factories import Account, new_account
from tests.integration.origin.processes import Process

AT_ONCE = 50
URL = "https://example.com/"


@dataclass(frozen=True, slots=True)
class Origins:
    """Processes of origin, and an account that they all know."""

    urls: list[str]
    account: Account

    async def all_at_once(self, method: str, path: str, bodies: list[object]) -> list[httpx.Response]:
        """Send every body at the same time, by turns to each process."""
        headers = {"Authorization": f"Bearer {self.account.api_key}"}
        limits = httpx.Limits(max_connections=AT_ONCE)
        async with httpx.AsyncClient(headers=headers, timeout=60, limits=limits) as client:
            calls = zip(bodies, cycle(self.urls), strict=False)
            return await asyncio.gather(
                *(client.request(method, f"{url}/api/v1{path}", json=body) for body, url in calls)
            )


async def _account(postgres_url: str) -> Account:
    engine = make_engine(postgres_url)
    account = await new_account(engine)
    await engine.dispose()
    return account


@pytest.fixture(scope="module")
def origins(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origins]:
    account = asyncio.run(_account(postgres_url))
    with ExitStack() as stack:
        homes = [tmp_path_factory.mktemp("origin") / "home" for _ in range(3)]
        # Codes come in an order that the secret key sets, so processes of one installation have the same.
        processes = [Process(home, unused_port(), postgres_url, NEARHOP_SECRET_KEY="k" * 32) for home in homes]
        for process in processes:
            stack.callback(process.kill)
        yield Origins([process.wait_until_ready().url for process in processes], account)


async def test_of_fifty_creates_of_one_code_one_wins(origins: Origins) -> None:
    answers = await origins.all_at_once("POST", "/links", [{"url": f"{URL}{n}", "key": "one"} for n in range(AT_ONCE)])
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 49}
    assert {each.json()["error"]["code"] for each in answers if each.status_code == 409} == {"conflict"}


async def test_fifty_upserts_of_one_url_make_one_link(origins: Origins) -> None:
    bodies: list[object] = [{"url": f"{URL}upsert", "title": f"{n}"} for n in range(AT_ONCE)]
    answers = await origins.all_at_once("PUT", "/links/upsert", bodies)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_of_a_hundred_links_with_one_bad_the_others_are_made_and_it_is_named(origins: Origins) -> None:
    hundreds = [[{"url": f"{URL}{lot}/{n}"} for n in range(100)] for lot in range(6)]
    for lot in hundreds:
        lot[41] = {"url": "nonsense"}
    answers = await origins.all_at_once("POST", "/links/bulk", list(hundreds))
    made = [item["key"] for answer in answers for item in answer.json() if "key" in item]
    assert len(set(made)) == len(made) == 6 * 99, "and no two processes make the same code"
    for lot, answer in zip(hundreds, answers, strict=True):
        bad = answer.json()[41]
        assert (bad["link"], bad["code"]) == (lot[41], "unprocessable_entity")
        assert bad["error"].startswith("url")


async def test_one_idempotency_key_is_done_once_wherever_it_goes(origins: Origins) -> None:
    headers = {"Authorization": f"Bearer {origins.account.api_key}", "Idempotency-Key": "everywhere"}
    async with httpx.AsyncClient(headers=headers, timeout=60) as client:
        calls = [client.post(f"{url}/api/v1/links", json={"url": f"{URL}once"}) for url in origins.urls * 4]
        answers = await asyncio.gather(*calls)
    assert len({answer.json()["id"] for answer in answers}) == 1
