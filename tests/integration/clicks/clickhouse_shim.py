"""ClickHouse's HTTP interface over an embedded engine, as far as clickhouse-connect uses it for Nearhop.

It lets the client of CLICKHOUSE_URL be exercised where no server can be had. It does not cover: users and passwords (any
are taken), TLS, compressed answers, sessions, a server's own limits and quotas, replicated tables and clusters.
"""

import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb
import lz4.frame  # type: ignore[import-untyped]  # has no types of its own
from clickhouse_connect.driver._backend.chdb_backend import CHDB_TRANSPORT_SETTINGS

_INSERT = re.compile(rb"\s*(INSERT INTO .*?) FORMAT (Native|ArrowStream)\s", re.DOTALL | re.IGNORECASE)
_FORMAT = re.compile(r"FORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)


class Shim(ThreadingHTTPServer):
    """Serves one engine; `down` makes it answer like a server that restarts."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.connection = chdb.connect(str(folder))  # type: ignore[no-untyped-call]  # has no types of its own
        self.lock = threading.Lock()
        self.down = False
        self.inserts = 0

    @property
    def url(self) -> str:
        return f"http://default:pass%20word@127.0.0.1:{self.server_port}/clicks_db"

    def run(self, query: bytes, arguments: dict[str, str]) -> tuple[bytes, str]:
        """The answer and its format."""
        params = {name.removeprefix("param_"): value for name, value in arguments.items() if name.startswith("param_")}
        settings = {
            name: value
            for name, value in arguments.items()
            if not name.startswith("param_") and name not in CHDB_TRANSPORT_SETTINGS and name != "query"
        }
        with self.lock:
            if arguments.get("database"):
                self.connection.query(f"USE `{arguments['database']}`")
            for name, value in settings.items():
                self.connection.query(f"SET {name} = '{value}'")
            try:
                insert = _INSERT.match(query)
                return (self._insert(insert, query), "") if insert else self._select(query.decode(), params)
            finally:
                for name in settings:
                    self.connection.query(f"SET {name} = DEFAULT")

    def _select(self, query: str, params: dict[str, str]) -> tuple[bytes, str]:
        named = _FORMAT.search(query)
        form = named[1] if named else "TabSeparated"
        return self.connection.query(query, form, params=params).bytes() or b"", form

    def _insert(self, head: re.Match[bytes], query: bytes) -> bytes:
        self.inserts += 1
        with tempfile.NamedTemporaryFile(suffix=".native") as file:
            file.write(query[head.end() :])
            file.flush()
            self.connection.query(f"{head[1].decode()} FROM INFILE '{file.name}' FORMAT {head[2].decode()}")
        return b""


class _Handler(BaseHTTPRequestHandler):
    server: Shim
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = self._body()
        arguments = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        if self.server.down:
            return self._answer(503, b"restarting", "")
        if self.headers.get("Content-Encoding") == "lz4":
            body = lz4.frame.decompress(body)
        query = arguments["query"].encode() + b"\n" + body if "query" in arguments else body
        try:
            answer, form = self.server.run(query, arguments)
        except RuntimeError as error:
            return self._answer(500, str(error).encode(), "")
        return self._answer(200, answer, form)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, status: int, body: bytes, form: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Summary", "{}")
        if form:
            self.send_header("X-ClickHouse-Format", form)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        del format, args


@contextmanager
def running_shim(folder: Path) -> Iterator[Shim]:
    """A shim that answers until the end."""
    folder.mkdir(parents=True, exist_ok=True)
    shim = Shim(folder)
    thread = threading.Thread(target=shim.serve_forever, daemon=True)
    thread.start()
    try:
        yield shim
    finally:
        shim.shutdown()
        shim.server_close()
        thread.join()
        shim.connection.close()
