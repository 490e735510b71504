"""An origin that speaks the signed protocol over HTTP and remembers what it was told, each batch once."""

import contextlib
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from shared import signing
from shared.errors import BadSignature
from tests import origin_protocol


class OriginFake:
    """Listens on a port of its own, which stays the same while it is stopped and started again."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.answer_secret = secret
        self.links: dict[str, str] = {}
        self.asked: list[str] = []
        self.request_ids: list[str] = []  # of the questions for links and of claims
        self.claims: dict[str, str] = {}
        self.batches: dict[str, list[dict[str, Any]]] = {}
        self.posts = 0
        self.attempts = 0  # batches that were tried, whatever became of them
        self.fails = False
        self.answers = ""  # "garbage" or "late": what a broken origin does instead of its work
        self.released = threading.Event()  # ends the lateness
        self._server: _Server | None = None
        self.port = 0
        self.start()

    def start(self) -> None:
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server.hang_up()
            self._server = None

    @property
    def clicks(self) -> list[dict[str, Any]]:
        """Each batch id's clicks once, as origin counts them."""
        return [click for clicks in list(self.batches.values()) for click in clicks]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of an edge that was killed with its connections open."""

    def hang_up(self) -> None:
        """End the connections that are kept alive, as the end of a process does."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _handler(origin: OriginFake) -> type[BaseHTTPRequestHandler]:  # noqa: C901  # one class, which needs to know its origin
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path.startswith("/api/v1/qr?"):
                self._answer(200, b"a drawing", "image/png")
                return
            if not self._signed(b""):
                return
            origin.request_ids.append(self.headers["X-Request-Id"])
            origin.asked.append(origin_protocol.asked_key(self.path))
            status, text = origin_protocol.answer(origin.links, self.path)
            self._answer(status, text.encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            origin.attempts += self.path == "/internal/clicks"
            if not self._signed(body):
                return
            if self.path.startswith("/internal/claims?"):
                origin.request_ids.append(self.headers["X-Request-Id"])
                asked = parse_qs(urlsplit(self.path).query)
                holder = origin.claims.setdefault(asked["code"][0], asked["claim"][0])
                self._answer(200 if holder == asked["claim"][0] else 410, b"")
                return
            origin.posts += 1
            if origin.answers == "never":
                self._answer(422, b"")
                return
            batch = json.loads(body)
            origin.batches.setdefault(batch["batch_id"], batch["clicks"])
            self._answer(202, b'{"accepted":1,"refused":[]}')

        def _signed(self, body: bytes) -> bool:
            if self._broken():
                return False
            given = self.headers.get(signing.HEADER)
            try:
                signing.verify(origin.secret, given, self.command, self.path, body, time.time())
            except BadSignature:
                self._answer(401, b"")
                return False
            return True

        def _broken(self) -> bool:
            if origin.fails:
                self._answer(500, b"")
            elif origin.answers == "garbage":
                self.wfile.write(b"\x16\x03\x01 not even HTTP\r\n\r\n")
                self.close_connection = True
            elif origin.answers == "late":
                origin.released.wait(30)
                return False
            return origin.fails or origin.answers == "garbage"

        def _answer(self, status: int, body: bytes, kind: str = "text/plain") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            signature = signing.sign(origin.answer_secret, "RESPONSE", self.path, body, time.time())
            self.send_header(signing.HEADER, signature)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name in the base class
            pass

    return Handler
