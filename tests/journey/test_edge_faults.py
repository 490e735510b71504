"""Postgres hangs, or origin with its ClickHouse does: the edge goes on, and every click is there once when they are back."""

import asyncio
import os
import signal
from pathlib import Path

import httpx
import pytest

from deploy.demo.api import DemoApi
from deploy.demo.visits import visit_all
from deploy.local.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

LINKS = 10
VISITS = 20


@pytest.mark.parametrize("victim", ["postgres", "origin"])  # the embedded ClickHouse lives within origin
def test_the_edge_goes_on_while_what_is_behind_it_hangs(tmp_path: Path, victim: str) -> None:
    with Stack(tmp_path / "home", {"NEARHOP_EDGE_ORIGIN_TIMEOUT_SECONDS": "1"}) as stack:
        links = [made(stack, number) for number in range(LINKS)]
        asyncio.run(visit_all(links, lambda: None))
        hung = server_processes(stack) if victim == "postgres" else [stack.pids()[victim]]
        signal_all(hung, signal.SIGSTOP)
        try:
            answers = asyncio.run(visit_all(links * VISITS, lambda: None))
            assert {status for _, status, _ in answers} == {302}
            unknown = httpx.get(f"{stack.url('edge')}/nobody-knows-it", timeout=30)
            assert (unknown.status_code, "retry-after" in unknown.headers) == (503, True)
        finally:
            signal_all(hung, signal.SIGCONT)
        with DemoApi(stack.url("origin"), stack.credentials["api_key"]) as api:
            api.wait_for_clicks(LINKS * (VISITS + 1), timeout=90)
            counts = api.clicks_by_link()
        assert {link: counts[link] for link in links} == dict.fromkeys(links, VISITS + 1)


def server_processes(stack: Stack) -> list[int]:
    """Postgres' first process, and those that serve its connections."""
    (file,) = stack.home.rglob("postmaster.pid")
    first = int(file.read_text(encoding="utf-8").splitlines()[0])
    children = Path(f"/proc/{first}/task/{first}/children").read_text(encoding="utf-8")
    return [first, *(int(each) for each in children.split())]


def signal_all(pids: list[int], number: int) -> None:
    for pid in pids:
        os.kill(pid, number)


def made(stack: Stack, number: int) -> str:
    headers = {"Authorization": f"Bearer {stack.credentials['api_key']}"}
    body = {"url": f"https://example.com/{number}"}
    answer = httpx.post(f"{stack.url('origin')}/api/v1/links", json=body, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["shortLink"])
