"""The main job, a smaller cut: import a list, open every link, count every visit."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from deploy.demo.job import run_job
from deploy.local.stack import ROOT, Stack

pytestmark = pytest.mark.stack
LISTS = ROOT / "deploy" / "demo" / "links.txt"


def quiet(title: str, total: int) -> Callable[[], None]:
    return lambda: None


def test_every_url_of_a_list_is_shortened_redirected_to_and_counted(stack: Stack) -> None:
    found = run_job(stack, LISTS, visits=1_500, step=quiet)
    assert (found.wrong_destinations, found.wrong_counts) == ([], [])
    assert found.sound
    assert found.urls >= 20


def test_the_same_list_a_second_time_makes_nothing_new(stack: Stack, api: httpx.Client) -> None:
    before = api.get("/links/count").json()
    run_job(stack, LISTS, visits=0, step=quiet)
    assert api.get("/links/count").json() == before


def test_a_visitor_is_redirected_by_the_ready_made_link(stack: Stack) -> None:
    answer = httpx.get(f"{stack.url('edge')}/hello", timeout=30)
    assert answer.status_code == 302
    assert answer.headers["location"] == "https://example.com/?hello=nearhop"


def test_every_process_says_that_its_parts_answer(stack: Stack) -> None:
    for name in ("origin", "edge", "kvsync", "dashboard", "landing"):
        assert httpx.get(f"{stack.url(name)}/healthz", timeout=30).status_code == 200
        answer = httpx.get(f"{stack.url(name)}/readyz", timeout=30)
        assert (name, answer.status_code) == (name, 200)
        assert all(part["ok"] for part in answer.json()["parts"].values())
        assert "# TYPE" in httpx.get(f"{stack.url(name)}/metrics", timeout=30).text


def test_a_second_start_on_the_same_home_is_refused_in_a_sentence(stack: Stack, tmp_path: Path) -> None:
    second = subprocess.run(
        [ROOT / ".venv" / "bin" / "python", "-m", "deploy.local"],
        env=stack.environ(), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert second.returncode == 1
    assert "already runs" in second.stderr
    assert "Traceback" not in second.stderr
