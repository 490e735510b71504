"""A client in another language: Dub's TypeScript SDK from npm, on Node, against origin as a process."""

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

from origin.storage.engine import make_engine
from tests.factories import Account, new_account
from tests.integration.origin.processes import ROOT, Process

SCRIPT = Path(__file__).with_name("node_sdk") / "round_trip.mjs"
STEPS = [
    "create, get",
    "update, upsert",
    "delete, not found",
    "bulk create with a duplicate",
    "list, next, count",
    "bulk update, bulk delete",
    "errors by their type",
    "analytics, events",
    "tags",
    "folders",
    "domains",
]


async def _account(postgres_url: str) -> Account:
    engine = make_engine(postgres_url)
    account = await new_account(engine)
    await engine.dispose()
    return account


def test_dubs_typescript_sdk_makes_a_round_trip(postgres_url: str, home: Path, free_port: Callable[[], int]) -> None:
    account = asyncio.run(_account(postgres_url))
    origin = Process(home, free_port(), postgres_url)
    try:
        url = origin.wait_until_ready().url
        command = ["node", str(SCRIPT), f"{url}/api/v1", account.api_key]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    finally:
        origin.kill()
    assert (done.returncode, done.stdout.splitlines()) == (0, STEPS), done.stderr
