"""An origin with its embedded databases in a process of its own, and the little that the click benchmarks ask of it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import psycopg

from bench.click_generator.model import LINKS_STEP
from bench.ports import unused_ports
from origin import ids
from shared.home import CREDENTIALS_FILE, embedded_database_url, local_secrets

ROOT = Path(__file__).parents[1]
_START_SECONDS = 180.0
_STOP_SECONDS = 20.0
_LINKS = """
INSERT INTO links (id, workspace_id, domain, key, url, version, kv_value) OVERRIDING SYSTEM VALUE
SELECT id, %(workspace)s, 'localhost', 'bench-' || id, 'https://shop.example/p/' || id, 1, 'bench'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS made (id)
ON CONFLICT DO NOTHING
"""


class Installation(NamedTuple):
    """Where it is, how to speak to it, and how long it took to come up."""

    home: Path
    url: str
    api_key: str
    workspace: int
    edge_secret: str
    pid: int
    seconds_to_ready: float

    def client(self) -> httpx.Client:
        """A client of its REST API with the owner's key."""
        headers = {"Authorization": f"Bearer {self.api_key}"}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=60)

    def make_links(self, first: int, last: int) -> None:
        """Have Postgres know the owner's links with these ranks, by the ids that the model clicks.

        Analyzed, as autovacuum does it within a minute: without statistics a page of links goes through all of them.
        """
        base = self.workspace * LINKS_STEP
        with psycopg.connect(embedded_database_url(self.home)) as connection:
            connection.execute(_LINKS, {"workspace": self.workspace, "first": base + first, "last": base + last})
            connection.execute("ANALYZE links")

    def link(self, rank: int) -> str:
        """The public id of one of them."""
        return ids.public(ids.LINK, self.link_number(rank))

    def link_number(self, rank: int) -> int:
        """Its number."""
        return self.workspace * LINKS_STEP + rank

    def memory_mb(self) -> dict[str, int]:
        """Resident memory of the origin process, now and at its highest."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        sizes = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "VmHWM"))}
        return {"now": int(sizes["VmRSS"]) // 1024, "highest": int(sizes["VmHWM"]) // 1024}

    def cpu_seconds(self) -> float:
        """Processor time that the origin process has taken since its start."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def installation(home: Path, **settings: str) -> Iterator[Installation]:
    """Start Postgres and origin on a home, wait until all parts are ready, and stop both at the end."""
    home.mkdir(parents=True, exist_ok=True)
    (port,) = unused_ports(1)
    url = f"http://127.0.0.1:{port}"
    given = {
        "NEARHOP_HOME": str(home),
        "NEARHOP_ORIGIN_PORT": str(port),
        "NEARHOP_API_REQUESTS_LOG": "false",
        "NEARHOP_RATE_LIMITS": "free=1000000",  # counted as always, but never reached
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith(("NEARHOP_", "DATABASE_URL"))}
    environ = {**others, **given, **settings}
    with _process("origin.storage.embedded_postgres", environ, home):
        began = time.perf_counter()
        with _process("origin", environ, home) as origin:
            _until_ready(url, origin, home)
            seconds = time.perf_counter() - began
            credentials = json.loads((home / CREDENTIALS_FILE).read_text(encoding="utf-8"))
            workspace = ids.parse(ids.WORKSPACE, credentials["workspace_id"])
            assert workspace is not None
            secret = local_secrets(home)["edge_secret"]
            yield Installation(home, url, credentials["api_key"], workspace, secret, origin.pid, seconds)


@contextmanager
def _process(module: str, environ: dict[str, str], home: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with (home / f"{module}.log").open("ab") as log:
        child = subprocess.Popen([sys.executable, "-m", module], cwd=ROOT, env=environ, stdout=log, stderr=log)
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _until_ready(url: str, origin: "subprocess.Popen[bytes]", home: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and origin.poll() is None:
        try:
            if httpx.get(f"{url}/readyz", timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    raise RuntimeError(f"origin did not come up; see {home / 'origin.log'}")
