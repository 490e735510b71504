"""Links over the REST API, at 10 thousand and at a million in one workspace: making, listing, searching, finding.

One origin in this process, one client, one call at a time: what a single caller waits.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from origin import ids
from origin.limits.rules import rules_of
from origin.storage.embedded_postgres import running
from origin.storage.engine import make_engine
from origin.storage.migrate import upgrade
from tests.factories import new_account
from tests.many_links import ManyLinks
from tests.origin_app import make_app, make_client

SIZES = (10_000, 1_000_000)
ROUNDS = 40
# Calls before that, in which connections are opened and plans are made.
WARM_UP = 8
RULES = rules_of(("free=6000",), 0, 0)
_LINKS = "/api/v1/links"


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
        many = ManyLinks(engine, account)
        for size in SIZES:
            await many.grow(size)
            # Its limit is one that a plan has: with a wider one each request would ask Postgres for its part.
            async with make_client(make_app(engine, rules=RULES), account.api_key) as client:
                found[str(size)] = {name: await _timed(call) for name, call in _calls(client, size, many.names).items()}
    finally:
        await engine.dispose()
    return found


def _calls(
    client: httpx.AsyncClient, size: int, names: dict[str, Any]
) -> dict[str, Callable[[int], Awaitable[httpx.Response]]]:
    def get(path: str, **query: str | int) -> Awaitable[httpx.Response]:
        return client.get(f"{_LINKS}{path}", params=query)

    hundred = [{"url": "https://example.com/bulk"}] * 100
    return {
        "create": lambda n: client.post(_LINKS, json={"url": f"https://example.com/new/{n}", "title": "A new one"}),
        "create_100": lambda _: client.post(f"{_LINKS}/bulk", json=hundred),
        "list": lambda n: get("", page=n + 1),
        "list_of_a_tenant": lambda n: get("", tenantId=f"tenant{n}"),
        "list_of_a_tag": lambda _: get("", tagIds=ids.public(ids.TAG, names["tag"])),
        "list_of_a_folder": lambda _: get("", folderId=ids.public(ids.FOLDER, names["folder"])),
        "list_of_a_user": lambda _: get("", userId=ids.public(ids.USER, names["rare_user"])),
        "list_of_a_domain": lambda _: get("", domain=names["rare_domain"]),
        "search_of_one_link": lambda n: get("", search=f"m{size - n}"),
        "search_of_a_word": lambda n: get("", search=f"word{n + 100}"),
        "search_of_every_link": lambda _: get("", search="example"),
        "count_of_a_tag": lambda _: get("/count", tagIds=ids.public(ids.TAG, names["tag"])),
        "count": lambda _: get("/count"),
        "info": lambda n: get("/info", domain="localhost", key=f"m{size - n}"),
    }


async def _timed(call: Callable[[int], Awaitable[httpx.Response]]) -> dict[str, float]:
    taken = []
    for number in range(WARM_UP + ROUNDS):
        started = time.perf_counter()
        answer = await call(number)
        if number >= WARM_UP:
            taken.append((time.perf_counter() - started) * 1000)
        answer.raise_for_status()
    return {"p50_ms": round(statistics.median(taken), 2), "p95_ms": round(sorted(taken)[int(ROUNDS * 0.95)], 2)}
