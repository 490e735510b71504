"""`python -m origin` as a process."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from origin.storage.embedded_postgres import running
from tests.integration.origin.processes import ROOT, SECONDS, Process


@pytest.fixture
def start(free_port: Callable[[], int]) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def go(home: Path, database_url: str = "") -> Process:
        started.append(Process(home, free_port(), database_url))
        return started[-1]

    yield go
    for process in started:
        process.kill()


def test_embedded_it_waits_for_postgres_migrates_makes_the_owner_and_serves(
    start: Callable[..., Process], home: Path
) -> None:
    origin = start(home)
    with running(home):
        origin.wait_until_ready()
        said = json.loads((home / "credentials.json").read_text())
        headers = {"Authorization": f"Bearer {said['api_key']}", "X-Request-Id": "asked-by-the-test"}
        body = {"url": "https://example.com/?token=query-secret"}
        made = httpx.post(f"{origin.url}/api/v1/links", json=body, headers=headers, timeout=30)
        assert made.status_code == 200
        assert made.headers["x-request-id"] == "asked-by-the-test"
        listed = httpx.get(f"{origin.url}/api/v1/links?search=query-secret", headers=headers, timeout=30)
        assert [link["url"] for link in listed.json()] == [body["url"]]
        login = {"email": said["email"], "password": said["password"]}
        assert httpx.post(f"{origin.url}/api/v1/auth/login", json=login, timeout=30).status_code == 200
        with httpx.Client(timeout=30) as idle:  # its connection is open while origin ends
            assert "nearhop_api_requests_total" in idle.get(f"{origin.url}/metrics").text
            code, out, err = origin.end()
    lines = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert "graceful shutdown exceeded" not in out
    assert any(line.get("request_id") == "asked-by-the-test" and line["status"] == 200 for line in lines)
    for secret in (said["api_key"], said["password"], "query-secret"):
        assert secret not in out


def test_the_end_ends_live_feeds_in_order_instead_of_waiting_for_them(
    start: Callable[..., Process], home: Path
) -> None:
    origin = start(home)
    with running(home):
        origin.wait_until_ready()
        headers = {"Authorization": f"Bearer {json.loads((home / 'credentials.json').read_text())['api_key']}"}
        with httpx.stream("GET", f"{origin.url}/api/v1/events/live", headers=headers, timeout=30) as feed:
            assert feed.status_code == 200
            pieces = feed.iter_bytes()
            assert next(pieces) == b"retry: 1000\n\n"
            code, out, err = origin.end()
            assert list(pieces) == []  # raises where the answer was cut off instead of ended
    assert (code, err) == (0, "")
    assert "graceful shutdown exceeded" not in out


def test_a_database_that_is_behind_is_refused_with_the_command_that_helps(
    start: Callable[..., Process], home: Path, empty_postgres_url: str
) -> None:
    home.parent.mkdir(exist_ok=True)
    code, _, err = start(home, empty_postgres_url).wait()
    assert code == 1
    assert err == "The database's schema is not that of this release: run `python -m origin migrate` first.\n"
    with psycopg.connect(empty_postgres_url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_a_taken_port_is_said_in_one_line(start: Callable[..., Process], home: Path, postgres_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environ = {
            **os.environ,
            "NEARHOP_HOME": str(home),
            "NEARHOP_DATABASE_URL": postgres_url,
            "NEARHOP_ORIGIN_PORT": str(taken.getsockname()[1]),
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "-m", "origin"]
        done = subprocess.run(
            command, env=environ, cwd=home.parent, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    assert done.returncode != 0
    assert "address already in use" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_second_origin_on_the_same_home_ends_with_one_sentence(
    start: Callable[..., Process], home: Path, postgres_url: str
) -> None:
    first = start(home, postgres_url).wait_until_ready()
    code, _, err = start(home, postgres_url).wait()
    assert code == 1
    assert err.startswith("Process ")
    assert err.endswith("give this one another NEARHOP_HOME.\n")
    assert err.count("\n") == 1
    assert httpx.get(f"{first.url}/readyz", timeout=30).status_code == 200


def test_a_setting_that_makes_no_sense_is_named(tmp_path: Path) -> None:
    environ = {**os.environ, "NEARHOP_ORIGIN_PORT": "many", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "origin"]
    done = subprocess.run(
        command, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert (done.returncode, done.stderr) == (1, "NEARHOP_ORIGIN_PORT is 'many', but it takes a whole number\n")
