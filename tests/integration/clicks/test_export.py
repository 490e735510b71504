"""Exports of any size take little memory."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.storage.clickhouse import MOST_STREAMS
from tests.factories import new_account
from tests.integration.clicks.support import Stack

STATM = Path("/proc/self/statm")
ROWS = 200_000
# Far below what the rows take as Python objects, or as one answer. Arrow keeps some of what Parquet was written from.
MOST_GROWTH_MB = 250
FILL = """
INSERT INTO clicks (click_id, workspace_id, link_id, timestamp, verdict, user_agent, url, query)
SELECT toString(number), {workspace:UInt64}, number % 1000 + 1, now64(3) - number % 3600, 'click',
    repeat(hex(sipHash64(number)), 20), repeat(hex(sipHash64(number, 1)), 20), repeat(hex(sipHash64(number, 2)), 20)
FROM numbers({rows:UInt64})
"""


def memory_mb() -> float:
    """What this process has in memory, the engine in it included."""
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


async def export(stack: Stack, api_key: str, form: str) -> tuple[int, int, float]:
    """The status, bytes and the growth of memory while they came. httpx's transport would hold them all."""
    scope = {
        "type": "http", "method": "GET", "path": "/api/v1/events/export", "raw_path": b"/api/v1/events/export",
        "query_string": f"format={form}".encode(), "headers": [(b"authorization", f"Bearer {api_key}".encode())],
        "client": ("127.0.0.1", 1), "server": ("x", 1), "scheme": "http", "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1", "root_path": "",
    }  # fmt: skip
    before = memory_mb()
    status, size, most = 0, 0, before

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status, size, most
        status = message.get("status", status)
        size += len(message.get("body", b""))
        most = max(most, memory_mb())

    await stack.app(scope, receive, send)
    return status, size, most - before


@pytest.mark.skipif(not STATM.exists(), reason="it reads the memory in use from Linux's /proc")
async def test_a_large_export_takes_a_bounded_amount_of_memory(stack: Stack, engine: AsyncEngine) -> None:
    account = await new_account(engine)
    workspace = account.actor.workspace_id
    await stack.clickhouse.command(FILL, {"workspace": workspace, "rows": 10_000})
    for form in ("ndjson", "csv", "parquet"):  # what is loaded once counts for nothing
        await export(stack, account.api_key, form)
    await stack.clickhouse.command(FILL, {"workspace": workspace, "rows": ROWS})
    await stack.clickhouse.command("SYSTEM STOP MERGES")  # their memory is not the export's
    for form, least_mb in (("ndjson", 250), ("csv", 180), ("parquet", 7)):
        status, size, growth = await export(stack, account.api_key, form)
        assert status == 200
        assert size > least_mb << 20, form
        assert growth < MOST_GROWTH_MB, form


async def test_more_exports_at_once_than_may_be_are_asked_to_come_later(stack: Stack, engine: AsyncEngine) -> None:
    account = await new_account(engine)
    await stack.clickhouse.command(FILL, {"workspace": account.actor.workspace_id, "rows": 30_000})
    found = await asyncio.gather(*(export(stack, account.api_key, "ndjson") for _ in range(MOST_STREAMS + 3)))
    assert sorted(status for status, _, _ in found) == [200] * MOST_STREAMS + [503] * 3
    assert (await export(stack, account.api_key, "ndjson"))[0] == 200, "a stream that ended makes room"
