"""Links over the REST API, at 10 thousand and at a million in one workspace: making, listing, searching, finding.

One origin in this process, one client, one call at a time: what a single caller waits. The rows that fill the workspace are
made in SQL, as links.search and links.store would write them.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.storage.embedded_postgres import running
from origin.storage.engine import make_engine
from origin.storage.migrate import upgrade
from tests.factories import Account, new_account
from tests.origin_app import make_app, make_client

SIZES = (10_000, 1_000_000)
ROUNDS = 40
_LINKS = "/api/v1/links"
_LOT = 100_000
_FILL = """
INSERT INTO links (workspace_id, user_id, domain, key, url, version, kv_value, title, tenant_id, created_at, updated_at, search)
SELECT %(workspace)s, %(user)s, 'localhost', 'm' || n, 'https://example.com/page/' || n, n, '', 'Word' || n %% 1000,
    'tenant' || n %% 5000, now() - n * interval '1 second', now() - n * interval '1 second',
    format('''%%s:m%%s'':1A ''%%s:word%%s'':2B ''%%s:example'':3D', w, n, w, n %% 1000, w)::tsvector
FROM generate_series(%(first)s::int, %(last)s::int) AS n, (SELECT %(workspace)s::text AS w) AS own
"""


def run() -> dict[str, Any]:
    """Milliseconds, p50 and p95, of each call at each size, and how the larger size compares."""
    with tempfile.TemporaryDirectory(prefix="nearhop-bench-") as folder, running(Path(folder)) as url:
        upgrade(url)
        found = asyncio.run(_measure(url))
    small, large = (found[str(size)] for size in SIZES)
    growth = {name: round(large[name]["p50_ms"] / small[name]["p50_ms"], 2) for name in small}
    return {"links": found, "times_as_long_at_a_million": growth}


async def _measure(url: str) -> dict[str, dict[str, dict[str, float]]]:
    engine = make_engine(url)
    found = {}
    try:
        account = await new_account(engine)
        filled = 0
        for size in SIZES:
            await _fill(engine, account, filled, size)
            filled = size
            async with make_client(make_app(engine), account.api_key) as client:
                found[str(size)] = {name: await _timed(call) for name, call in _calls(client, size).items()}
    finally:
        await engine.dispose()
    return found


async def _fill(engine: AsyncEngine, account: Account, filled: int, size: int) -> None:
    own = {"workspace": account.actor.workspace_id, "user": account.actor.user_id}
    for first in range(filled + 1, size + 1, _LOT):
        async with engine.begin() as connection:
            await connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            await connection.exec_driver_sql(_FILL, {**own, "first": first, "last": min(first + _LOT - 1, size)})
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("SET statement_timeout = 0")
        await connection.exec_driver_sql("VACUUM ANALYZE links")
        await connection.exec_driver_sql("RESET statement_timeout")


def _calls(client: httpx.AsyncClient, size: int) -> dict[str, Callable[[int], Awaitable[httpx.Response]]]:
    def get(path: str, **query: str | int) -> Awaitable[httpx.Response]:
        return client.get(f"{_LINKS}{path}", params=query)

    hundred = [{"url": "https://example.com/bulk"}] * 100
    return {
        "create": lambda n: client.post(_LINKS, json={"url": f"https://example.com/new/{n}", "title": "A new one"}),
        "create_100": lambda _: client.post(f"{_LINKS}/bulk", json=hundred),
        "list": lambda n: get("", page=n + 1),
        "list_of_a_tenant": lambda n: get("", tenantId=f"tenant{n}"),
        "search_of_one_link": lambda n: get("", search=f"m{size - n}"),
        "search_of_a_word": lambda n: get("", search=f"word{n + 100}"),
        "search_of_every_link": lambda _: get("", search="example"),
        "count": lambda _: get("/count"),
        "info": lambda n: get("/info", domain="localhost", key=f"m{size - n}"),
    }


async def _timed(call: Callable[[int], Awaitable[httpx.Response]]) -> dict[str, float]:
    taken = []
    for number in range(ROUNDS):
        started = time.perf_counter()
        answer = await call(number)
        taken.append((time.perf_counter() - started) * 1000)
        answer.raise_for_status()
    return {"p50_ms": round(statistics.median(taken), 2), "p95_ms": round(sorted(taken)[int(ROUNDS * 0.95)], 2)}
