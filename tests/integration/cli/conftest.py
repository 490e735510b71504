"""The command against origin as it is: its own process, on a real Postgres and ClickHouse's engine."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from cli.main import run
from tests.conftest import unused_port
from tests.letters import bearer, register_at

ROOT = Path(__file__).parents[3]


@dataclass
class OriginProcess:
    """Origin on a port of its own; may be killed and started again."""

    environ: dict[str, str]
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "origin"], cwd=ROOT, env=self.environ, stdout=subprocess.DEVNULL
        )

    def wait(self) -> None:
        """Until it is ready; the test's own time limit ends a wait in vain."""
        while self.process is not None and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError("origin did not start")

    def register(self, api: httpx.Client, email: str) -> dict[str, str]:
        """Open an account and give the header of whoever is logged in to it."""
        environ = self.environ
        return bearer(register_at(api, environ["NEARHOP_DATABASE_URL"], environ["NEARHOP_SECRET_KEY"], email))

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="module")
def origin(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OriginProcess]:
    port = unused_port()
    environ = {
        **os.environ,
        "NEARHOP_HOME": str(tmp_path_factory.mktemp("origin")),
        "NEARHOP_DATABASE_URL": postgres_url,
        "NEARHOP_ORIGIN_PORT": str(port),
        "NEARHOP_EDGE_SECRET": "edge",
        "NEARHOP_SECRET_KEY": "a secret key for tests",
    }
    process = OriginProcess(environ, port)
    process.start()
    try:
        process.wait()
        yield process
    finally:
        process.kill()


@dataclass(frozen=True)
class User:
    """An account with a workspace of its own."""

    email: str
    api: httpx.Client


@pytest.fixture
def user(origin: OriginProcess) -> Iterator[User]:
    with httpx.Client(base_url=f"{origin.url}/api/v1", timeout=30) as api:
        email = f"{secrets.token_hex(4)}@example.com"
        api.headers.update(origin.register(api, email))
        yield User(email, api)


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


Nearhop = Callable[..., Done]


@pytest.fixture
def nearhop(
    origin: OriginProcess,
    user: User,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Nearhop:
    """Call it with a command line; it runs as the user, in a folder of its own."""
    key = user.api.post("/api-keys", json={"name": "test"}).raise_for_status().json()["key"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEARHOP_URL", origin.url)
    monkeypatch.setenv("NEARHOP_API_KEY", key)
    monkeypatch.setenv("NEARHOP_CONFIG", str(tmp_path / "config" / "cli.json"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "160")

    def call(*arguments: str) -> Done:
        code = run(list(arguments))
        return Done(code, *capsys.readouterr())

    return call
