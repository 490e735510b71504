"""The edge's runner as a process of its own, and how tests talk to it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared import signing
from shared.kv_record import KvRecord, encode
from tests.conftest import unused_port

ROOT = Path(__file__).parents[2]
SECRET = "the edge's secret"
TOKEN = "the KV API's token"
KV = "/client/v4/accounts/local/storage/kv/namespaces/nearhop-links"


class EdgeProcess:
    """One home, one pair of ports, any number of starts."""

    # What is given to node.
    command: tuple[str, ...] = (str(ROOT / "deploy/local/edge_runner/run.mjs"),)

    def __init__(self, home: Path, origin_port: int, **variables: str) -> None:
        self.home = home
        self.port = unused_port()
        self.kv_port = unused_port()
        self.log = home.parent / "edge.log"
        self._environment = {
            **os.environ,
            "NEARHOP_HOME": str(home),
            "NEARHOP_EDGE_PORT": str(self.port),
            "NEARHOP_KV_API_PORT": str(self.kv_port),
            "NEARHOP_ORIGIN_URL": f"http://127.0.0.1:{origin_port}",
            "NEARHOP_EDGE_SECRET": SECRET,
            "NEARHOP_CLOUDFLARE_API_TOKEN": TOKEN,
            **variables,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "EdgeProcess":
        self.spawn()
        until(self.is_ready, 60, lambda: f"the edge is not ready:\n{self.output()}")
        return self

    def spawn(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ["node", *self.command],
                cwd=self.home.parent,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self._process

    def is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.output()
        try:
            return self.request("/readyz")[0] == 200
        except OSError:
            return False

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal the runner alone and wait for its end; returns its exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(15)

    def end(self) -> None:
        if self._process and self._process.poll() is None:
            self.stop(signal.SIGKILL)
            until(lambda: not self.listens(), 10, lambda: "workerd outlived its runner")

    def listens(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-4000:]

    def request(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in lower case, body; redirects are not followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def location_bytes(self, path: str) -> bytes:
        """What stands after `Location: ` on the wire, read from a raw socket."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as raw:
            raw.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            answer = b""
            while b"\r\n\r\n" not in answer:
                received = raw.recv(65536)
                assert received, answer
                answer += received
        head = answer.partition(b"\r\n\r\n")[0]
        lines = [line for line in head.split(b"\r\n") if line.lower().startswith(b"location: ")]
        assert len(lines) == 1, answer
        return lines[0][len(b"location: ") :]

    def stats(self) -> dict[str, Any]:
        path = "/_nearhop/stats"
        status, _, body = self.request(path, **{signing.HEADER: signing.sign(SECRET, "GET", path, b"", time.time())})
        assert status == 200
        found: dict[str, Any] = json.loads(body)
        return found

    def put(self, links: dict[str, str], version: int = 1, domain: str = "localhost") -> None:
        """Write plain links `{code: url}` by the KV API."""
        pairs = [
            {"key": f"{domain}/{code}", "value": encode(KvRecord(7, 3, version, url)), "metadata": {"v": version}}
            for code, url in links.items()
        ]
        status, answer = self.kv("PUT", "/bulk", pairs)
        assert status == 200, answer

    def put_rich(self, key: str, url: str, version: int = 1, **options: Any) -> None:
        """Write one record with options under a whole key."""
        self.put_records({key: encode(KvRecord(7, 3, version, url, options))})

    def put_records(self, values: dict[str, str]) -> None:
        """Write values under whole keys."""
        pairs = [{"key": key, "value": value, "metadata": {"v": 1}} for key, value in values.items()]
        for first in range(0, len(pairs), 500):
            status, answer = self.kv("PUT", "/bulk", pairs[first : first + 500])
            assert status == 200, answer

    def kv(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> tuple[int, Any]:
        """A call of the KV API below the namespace; a body that is no text is sent as JSON, an answer read as such."""
        return self.cloudflare(method, KV + path, body, token)

    def cloudflare(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.kv_port}{path}"
        request = urllib.request.Request(url, data, {"Authorization": f"Bearer {token}"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read().decode()
                return answer.status, json.loads(
                    text
                ) if answer.headers.get_content_type() == "application/json" else text
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())


def until(
    holds: Callable[[], bool], seconds: float, otherwise: Callable[[], str] = lambda: "it did not come true"
) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.05)
