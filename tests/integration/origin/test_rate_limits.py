"""Rate limits, on a real Postgres and with several processes."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import psycopg
import pytest
import sqlalchemy as sa
from dub import Dub
from dub.models import errors
from dub.utils import BackoffStrategy, RetryConfig
from prometheus_client import REGISTRY
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.limits import limiter as limiters
from origin.limits.lease import Limit
from origin.limits.limiter import Limiter
from origin.limits.rules import Rules, rules_of
from origin.storage.engine import make_engine
from origin.storage.tables import workspaces
from tests.factories import Account, new_account
from tests.integration.origin.processes import Process
from tests.integration.origin.served import Served
from tests.origin_app import PATIENCE, make_app, make_client

ME = "/api/v1/me"
SMALL = rules_of(("free=5", "pro=8"), 4, 3)


def opened(reason: str) -> float:
    return REGISTRY.get_sample_value("nearhop_rate_limit_open_total", {"reason": reason}) or 0


def refused_keys() -> float:
    return REGISTRY.get_sample_value("nearhop_rate_limited_total", {"what": "key:free"}) or 0


def patient(engine: AsyncEngine, clock: Callable[[], float] = time.monotonic) -> Limiter:
    return Limiter(engine, patience=PATIENCE, clock=clock)


async def hammer(limiter: Limiter, limit: Limit, name: str) -> int:
    """How many pass before the first that does not."""
    passed = 0
    while (await limiter.take(limit, name)).allowed:
        passed += 1
    return passed


async def test_a_full_bucket_passes_at_once_and_not_one_more(engine: AsyncEngine) -> None:
    limiter, limit, started = patient(engine, clock=lambda: 0.0), Limit("test", 600), time.monotonic()
    standings = await asyncio.gather(*(limiter.take(limit, "burst") for _ in range(100)))
    filled_up = (time.monotonic() - started) / limit.spacing  # the store's clock goes on between its leases
    assert all(each.allowed for each in standings)
    remaining = sorted(each.remaining for each in standings)
    assert remaining[-1] == 599
    assert 500 <= remaining[0] <= 500 + filled_up + 1


async def test_processes_share_a_bucket_and_let_through_no_more_than_one_alone_would(postgres_url: str) -> None:
    limit, started = Limit("test", 240), time.monotonic()
    engines = [make_engine(postgres_url, pool_size=2) for _ in range(4)]
    passed = sum(await asyncio.gather(*(hammer(patient(engine), limit, "shared") for engine in engines)))
    filled_up = (time.monotonic() - started) / limit.spacing
    assert limit.most <= passed <= limit.most + filled_up + 1
    for engine in engines:
        await engine.dispose()


async def test_a_bucket_of_one_name_or_limit_is_not_that_of_another(engine: AsyncEngine) -> None:
    limiter = patient(engine)
    assert await hammer(limiter, Limit("test", 2), "one") == 2
    assert (await limiter.take(Limit("test", 2), "two")).allowed
    assert (await limiter.take(Limit("other", 2), "one")).allowed


async def test_what_is_refused_costs_no_query(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    limiter, limit = patient(engine), Limit("test", 1)
    assert await hammer(limiter, limit, "refused") == 1
    statements: list[str] = []
    sa.event.listen(engine.sync_engine, "before_cursor_execute", lambda *said: statements.append(said[2]))
    standings = [await limiter.take(limit, "refused") for _ in range(50)]
    assert statements == []
    assert {(each.allowed, each.remaining) for each in standings} == {(False, 0)}
    assert all(0 < each.retry <= 60 for each in standings)
    await engine.dispose()


async def test_a_busy_caller_costs_far_fewer_queries_than_requests(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    limiter, limit = patient(engine), Limit("test", 1000)
    statements: list[str] = []
    sa.event.listen(engine.sync_engine, "before_cursor_execute", lambda *said: statements.append(said[2]))
    assert all([(await limiter.take(limit, "busy")).allowed for _ in range(500)])
    assert len([each for each in statements if "rate_limits" in each]) <= 500 / limit.lease + 3
    await engine.dispose()


async def test_leases_that_time_has_filled_up_again_are_void(engine: AsyncEngine) -> None:
    now = [0.0]
    limiter, limit = patient(engine, clock=lambda: now[0]), Limit("test", 600)
    assert (await limiter.take(limit, "void")).remaining == 599
    now[0] = 2.05  # of the 30 requests taken, each worth 0.1 s, ten are left in time
    lease = limiter._lease(limit, limiters._key(limit, "void"))
    assert lease.spend(now[0])
    assert lease.left == 9
    now[0] = 3.5
    assert not lease.spend(now[0])


async def test_a_locked_store_lets_requests_pass_and_counts_them(engine: AsyncEngine, postgres_url: str) -> None:
    limiter, limit = patient(engine), Limit("test", 1)
    assert (await limiter.take(limit, "locked")).allowed
    limiter._patience = 0.05
    silent, resting = opened("StoreSilent"), opened("resting")
    with psycopg.connect(postgres_url) as holder:
        holder.execute("LOCK TABLE rate_limits IN ACCESS EXCLUSIVE MODE")
        limiter._lease(limit, limiters._key(limit, "locked")).left = 0
        standings = [await limiter.take(limit, "locked") for _ in range(3)]
        assert {each.allowed for each in standings} == {True}
        assert (opened("StoreSilent") - silent, opened("resting") - resting) == (1, 2)
        holder.rollback()
    await limiter.close()
    assert not (await patient(engine).take(limit, "locked")).allowed


async def test_a_store_that_is_away_lets_requests_pass_and_counts_them() -> None:
    away = make_engine("postgresql://nobody@127.0.0.1:9/nothing")
    before = opened("StoreSilent")
    limiter = Limiter(away)
    assert (await limiter.take(Limit("test", 1), "away")).allowed
    assert opened("StoreSilent") == before + 1
    await limiter.close()
    await away.dispose()


async def test_full_buckets_are_swept_and_others_stay(engine: AsyncEngine) -> None:
    limit = Limit("test", 1)
    await patient(engine).take(limit, "stays")
    async with engine.begin() as connection:
        await connection.execute(sa.text("UPDATE rate_limits SET full_at = now() - interval '1 s' WHERE key <> :key"),
                                 {"key": limiters._key(limit, "stays")})  # fmt: skip
        await limiters.delete_expired(connection)
        left = (await connection.execute(sa.text("SELECT key FROM rate_limits"))).scalars().all()
    assert list(left) == [limiters._key(limit, "stays")]


@pytest.fixture
def rules() -> Rules:
    return SMALL


@pytest.fixture
async def limited(engine: AsyncEngine, account: Account, rules: Rules) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(make_app(engine, rules=rules), account.api_key) as client:
        yield client


async def test_every_answer_says_how_the_key_stands(limited: httpx.AsyncClient) -> None:
    paths = [
        ME,
        "/api/v1/links/info?linkId=link_none",
        "/api/v1/nowhere",
        "/api/v1/openapi.json",
        "/api/v1/links?page=x",
    ]
    answers = [await limited.get(path) for path in paths]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 200, 422]
    assert [answer.headers["x-ratelimit-limit"] for answer in answers] == ["5"] * 5
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["4", "3", "2", "1", "0"]
    assert all(0 < int(answer.headers["x-ratelimit-reset"]) - time.time() < 61 for answer in answers)
    refused = await limited.get(ME)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert 1 <= int(refused.headers["retry-after"]) <= 12
    assert refused.headers["x-request-id"]


async def test_a_refused_change_is_not_made(limited: httpx.AsyncClient) -> None:
    body = {"url": "https://example.com/", "key": "limited"}
    while (await limited.get(ME)).status_code == 200:
        pass
    assert (await limited.post("/api/v1/links", json=body)).status_code == 429
    assert (await limited.post("/api/v1/links", json=body, headers={"Idempotency-Key": "x"})).status_code == 429


async def test_the_limit_is_that_of_the_workspaces_plan(engine: AsyncEngine, rules: Rules) -> None:
    accounts = [await new_account(engine) for _ in range(3)]
    found = []
    for account, plan in zip(accounts, ("free", "pro", "unheard-of"), strict=True):
        async with engine.begin() as connection:
            mine = workspaces.c.id == account.actor.workspace_id
            await connection.execute(sa.update(workspaces).where(mine).values(plan=plan))
        async with make_client(make_app(engine, rules=rules), account.api_key) as client:
            found.append((await client.get(ME)).headers["x-ratelimit-limit"])
    assert found == ["5", "8", "5"]


async def test_calls_without_a_good_key_count_for_the_address_and_this_machine_is_free(
    engine: AsyncEngine, rules: Rules
) -> None:
    app = make_app(engine, rules=rules)
    openapi = "http://api.test/api/v1/openapi.json"
    for address, statuses in (("192.0.2.7", [200, 401, 404, 429]), ("127.0.0.1", [200, 401, 404, 200])):
        transport = httpx.ASGITransport(app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport) as client:
            wrong = {"Authorization": "Bearer nh_wrong"}
            answers = [await client.get(openapi), await client.get(f"http://api.test{ME}", headers=wrong)]
            answers += [await client.get("http://api.test/api/v1/nowhere"), await client.get(openapi)]
        assert [answer.status_code for answer in answers] == statuses
        assert ("x-ratelimit-limit" in answers[0].headers) is (address != "127.0.0.1")


async def test_made_up_tokens_cost_a_closed_address_no_look_up_and_good_ones_in_use_go_on(
    engine: AsyncEngine, account: Account, rules: Rules
) -> None:
    transport = httpx.ASGITransport(make_app(engine, rules=rules), client=("192.0.2.9", 1))

    async with httpx.AsyncClient(transport=transport) as client:

        async def call(token: str) -> int:
            headers = {"Authorization": f"Bearer {token}"}
            return (await client.get(f"http://api.test{ME}", headers=headers)).status_code

        assert await call(account.api_key) == 200
        assert [await call(f"nh_made-up-{number}") for number in range(4)] == [401, 401, 401, 429]
        statements: list[str] = []
        sa.event.listen(engine.sync_engine, "before_cursor_execute", lambda *said: statements.append(said[2]))
        assert [await call(f"nh_random-{number}") for number in range(5)] == [429] * 5
        assert statements == []
        assert await call(account.api_key) == 200


async def test_a_limit_of_zero_is_none(engine: AsyncEngine, account: Account) -> None:
    async with make_client(make_app(engine, rules=rules_of(("free=0",), 0, 0)), account.api_key) as client:
        answers = [await client.get(ME) for _ in range(10)]
    assert {answer.status_code for answer in answers} == {200}
    assert "x-ratelimit-limit" not in answers[0].headers


@pytest.fixture
def slow(postgres_url: str) -> Iterator[Served]:
    with Served(postgres_url, rules=rules_of(("free=60",), 60, 60)) as running:
        yield running


def test_dubs_sdk_raises_its_own_exception_and_its_retries_wait_as_long_as_is_said(slow: Served) -> None:
    with Dub(token=slow.account.api_key, server_url=slow.url) as dub:
        with pytest.raises(errors.RateLimitExceeded) as refused:
            ask_for_ever(dub)
        assert refused.value.data.error.code == "rate_limit_exceeded"
        before = refused_keys()
        # Without Retry-After it would ask again each millisecond.
        retries = RetryConfig("backoff", BackoffStrategy(1, 1, 1.0, 30_000), retry_connection_errors=False)
        assert [dub.links.count(request={}, retries=retries) for _ in range(3)] == [0, 0, 0]
        assert refused_keys() - before <= 3


def ask_for_ever(dub: Dub) -> None:
    while True:
        dub.links.count(request={})


def test_two_processes_of_origin_share_a_keys_limit(
    postgres_url: str, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    account = asyncio.run(_account(postgres_url))
    headers = {"Authorization": f"Bearer {account.api_key}"}
    settings = {"NEARHOP_RATE_LIMITS": "free=60", "NEARHOP_RATE_LIMIT_PATIENCE_MS": "60000"}
    with ExitStack() as stack:
        homes = [tmp_path / name for name in ("one", "two")]
        processes = [Process(home, free_port(), postgres_url, **settings) for home in homes]
        for process in processes:
            stack.callback(process.kill)
        client = stack.enter_context(httpx.Client(headers=headers, timeout=30))
        urls = [f"{process.wait_until_ready().url}{ME}" for process in processes]
        started = time.monotonic()
        statuses: list[int] = []
        while statuses[-2:] != [429, 429]:
            statuses += [client.get(url).status_code for url in urls]
        filled_up = time.monotonic() - started
    assert set(statuses) == {200, 429}
    assert 60 <= statuses.count(200) <= 60 + filled_up + 1


async def _account(postgres_url: str) -> Account:
    engine = make_engine(postgres_url)
    account = await new_account(engine)
    await engine.dispose()
    return account
