"""Processes are killed in the middle of the work: they come back by themselves, and nothing acknowledged is lost or doubled."""

import asyncio
import itertools
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from deploy.demo.api import DemoApi
from deploy.demo.job import wrong_counts
from deploy.demo.visits import visit_all
from deploy.local.stack import ROOT, Stack
from shared.home import local_secrets
from shared.kv_record import decode, kv_key

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

LINKS = 50
CLICKS = 5_000
EDITS = 500
# A killed kvsync's leases run out after this long; reconcile looks at keys that were written just now as well.
QUICK = {"NEARHOP_KV_TIMEOUT_SECONDS": "5", "NEARHOP_KV_LEASE_SECONDS": "12", "NEARHOP_KV_SETTLE_SECONDS": "0"}


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Stack]:
    """One that may be killed."""
    with Stack(tmp_path / "home", QUICK) as started:
        yield started


@pytest.mark.parametrize("victim", ["origin", "kvsync"])
def test_a_kill_in_the_middle_of_clicks_and_edits_loses_nothing(own_stack: Stack, victim: str) -> None:
    links = make_links(own_stack)
    plan = [link["shortLink"] for link in links] * (CLICKS // LINKS)
    progress = Progress(total=CLICKS + EDITS)
    editor = threading.Thread(target=edit_links, args=(own_stack, links, progress.step))
    killer = threading.Thread(target=kill_at, args=(own_stack, victim, progress, [0.25, 0.6]))
    editor.start()
    killer.start()
    answers = asyncio.run(visit_all(plan, progress.step))
    editor.join(300)
    killer.join(300)

    assert {status for _, status, _ in answers} == {302}
    counts = settled_counts(own_stack, sum(answers.values()))
    assert wrong_counts(Counter(plan), counts) == []
    assert drift(own_stack) == 0
    assert [in_kv(own_stack, link) for link in links] == [edited_url(number) for number in range(LINKS)]


def test_a_killed_edge_loses_at_most_its_buffer_and_counts_nothing_twice(own_stack: Stack) -> None:
    links = [link["shortLink"] for link in make_links(own_stack)]
    asyncio.run(visit_all(links, lambda: None))
    assert sum(settled_counts(own_stack, LINKS).values()) == LINKS  # these have left the buffer
    asyncio.run(visit_all(links, lambda: None))  # these may be in it
    own_stack.kill("edge")
    wait_until(lambda: opened(links[0]) != "")
    asyncio.run(visit_all(links, lambda: None))
    settled_counts(own_stack, 2 * LINKS)
    time.sleep(3)  # what would come twice would come now
    assert 2 * LINKS <= sum(settled_counts(own_stack, 0).values()) <= 3 * LINKS


def test_a_stop_hands_over_what_the_edge_had_buffered(own_stack: Stack) -> None:
    links = [link["shortLink"] for link in make_links(own_stack)]
    asyncio.run(visit_all(links * 4, lambda: None))
    began = time.monotonic()
    assert own_stack.stop() == 0
    assert time.monotonic() - began < 10
    own_stack.start()
    assert sum(settled_counts(own_stack, 4 * LINKS).values()) == 4 * LINKS


def test_a_start_after_a_kill_of_everything_just_works(own_stack: Stack) -> None:
    links = make_links(own_stack)
    asyncio.run(visit_all([link["shortLink"] for link in links], lambda: None))
    settled_counts(own_stack, LINKS)
    own_stack.kill()
    own_stack.start()
    assert sum(settled_counts(own_stack, LINKS).values()) == LINKS
    assert all(opened(link["shortLink"]) == link["url"] for link in links)


class Progress:
    """How much of the work is done, as a share."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._lock = threading.Lock()

    def step(self) -> None:
        with self._lock:
            self._done += 1

    def reached(self, share: float) -> bool:
        return self._done >= share * self._total


def client(stack: Stack) -> httpx.Client:
    headers = {"Authorization": f"Bearer {stack.credentials['api_key']}"}
    return httpx.Client(base_url=f"{stack.url('origin')}/api/v1", headers=headers, timeout=30)


def make_links(stack: Stack) -> list[dict[str, Any]]:
    with client(stack) as api:
        answer = api.post("/links/bulk", json=[{"url": f"https://example.com/{number}"} for number in range(LINKS)])
    answer.raise_for_status()
    return list(answer.json())


def edited_url(number: int) -> str:
    return f"https://example.com/{number}?edit={EDITS // LINKS - 1}"


def edit_links(stack: Stack, links: list[dict[str, Any]], seen: Callable[[], None]) -> None:
    """Each link in turn, again and again; an edit that origin could not answer is sent again."""
    with client(stack) as api:
        for edit, (number, link) in itertools.product(range(EDITS // LINKS), enumerate(links)):
            body = {"url": f"https://example.com/{number}?edit={edit}"}
            wait_until(partial(accepted, api, f"/links/{link['id']}", body))
            seen()


def accepted(api: httpx.Client, path: str, body: dict[str, str]) -> bool:
    try:
        return api.patch(path, json=body).status_code == 200
    except httpx.TransportError:
        return False


def kill_at(stack: Stack, victim: str, progress: Progress, shares: list[float]) -> None:
    for share in shares:
        wait_until(partial(progress.reached, share))
        before = stack.pids()[victim]
        stack.kill(victim)
        wait_until(partial(restarted, stack, victim, before))


def restarted(stack: Stack, victim: str, before: int) -> bool:
    return stack.pids().get(victim, before) != before


def settled_counts(stack: Stack, clicks: int) -> dict[str, int]:
    with DemoApi(stack.url("origin"), stack.credentials["api_key"]) as api:
        wait_until(partial(answers, api), seconds=60)
        api.wait_for_clicks(clicks, timeout=90)
        return api.clicks_by_link()


def answers(api: DemoApi) -> bool:
    try:
        api.clicks()
    except httpx.HTTPError:
        return False
    return True


def drift(stack: Stack) -> int:
    """What `kvsync reconcile --dry-run` finds once the outbox is empty: 0 when every KV record equals Postgres."""
    command = [str(ROOT / ".venv" / "bin" / "python"), "-m", "kvsync", "reconcile", "--dry-run"]
    environ = {**stack.environ(), "NEARHOP_HOME": str(stack.home)}
    code = -1

    def equal() -> bool:
        nonlocal code
        code = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, timeout=60, check=False).returncode
        return code == 0

    wait_until(equal, seconds=60)
    return code


def in_kv(stack: Stack, link: dict[str, Any]) -> str:
    """The destination in a link's KV record, as Cloudflare's API tells it."""
    key = quote(kv_key(link["domain"], link["key"]), safe="")
    answer = httpx.get(
        f"{stack.url('kv_api')}/client/v4/accounts/local/storage/kv/namespaces/nearhop-links/values/{key}",
        headers={"Authorization": f"Bearer {local_secrets(stack.home)['kv_api_token']}"},
        timeout=30,
    )
    answer.raise_for_status()
    return decode(answer.text).url


def opened(link: str) -> str:
    try:
        return str(httpx.get(link, timeout=10).headers.get("location", ""))
    except httpx.TransportError:
        return ""


def wait_until(true: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.1)
