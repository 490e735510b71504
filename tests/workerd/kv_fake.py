"""A KV that may be slow or fail, for faulty_kv.mjs."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class KvFake:
    """Answers each key with what `values` has for it, in the manner of `mode`: "", "late" or "fails"."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.mode = ""
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


def _handler(kv: KvFake) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            key = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if kv.mode == "late":
                kv.released.wait(60)
            value = kv.values.get(key)
            status = 500 if kv.mode == "fails" else 404 if value is None else 200
            body = (value or "").encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name in the base class
            pass

    return Handler
