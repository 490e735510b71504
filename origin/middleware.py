"""What wraps every request: its id, its log line and metrics, the answer to what nobody expected, the bound on its body."""

import time

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from origin.problems import PayloadTooLarge, on_unexpected_error
from shared.request_id import HEADER, accept

_QUIET = {"/healthz", "/readyz", "/metrics"}

REQUESTS = Counter("nearhop_api_requests_total", "Requests answered, by operation and status.", ["operation", "status"])
SECONDS = Histogram("nearhop_api_request_seconds", "Time to answer a request, by operation.", ["operation"])

_HEADERS = "nearhop.headers"

_log = structlog.get_logger("origin.requests")


def extra_headers(scope: Scope) -> dict[str, str]:
    """Headers that the answer will have, whoever makes it: a route, a problem, the router."""
    found: dict[str, str] = scope.setdefault(_HEADERS, {})
    return found


class RequestTrace:
    """Gives each request an id (the caller's, if it sends a proper one), logs it and counts it.

    The log has the path and no query, header or body: those may hold secrets.
    """

    def __init__(self, app: ASGIApp, *, log: bool = True) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = accept(Headers(scope=scope).get(HEADER, ""))
        headers = extra_headers(scope)
        headers[HEADER] = request_id
        scope["nearhop.request_id"] = request_id  # for the audit log
        status = 0
        started = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add(MutableHeaders(scope=message), headers)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception as error:
                # Not Starlette's own handler, which stands outside of this and would answer without the id.
                response = await on_unexpected_error(Request(scope), error)
                if status:  # the answer has begun: all that is left is to break it off
                    raise
                await response(scope, receive, send_with_id)
            finally:
                self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        operation = scope.get("nearhop.operation", "other")
        REQUESTS.labels(operation, status).inc()
        SECONDS.labels(operation).observe(seconds)
        if self._log and scope["path"] not in _QUIET:
            _log.info("request", method=scope["method"], path=scope["path"], status=status, ms=round(seconds * 1000, 1))


def _add(answer: MutableHeaders, headers: dict[str, str]) -> None:
    for name, value in headers.items():
        if name == "Vary":
            answer.add_vary_header(value)
        else:
            answer[name] = value


class BodyLimit:
    """Refuses bodies above a size without holding them: by their announced length, or as soon as they pass it."""

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("Content-Length", "")
        too_large = announced.isdecimal() and int(announced[:20]) > self._most
        read = 0

        async def bounded() -> Message:
            # Raised where the body is read, so that the answer is made like that of any other problem.
            nonlocal read
            if too_large:
                raise PayloadTooLarge(self._message())
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._most:
                raise PayloadTooLarge(self._message())
            return message

        await self._app(scope, bounded, send)

    def _message(self) -> str:
        return f"The request's body may have {self._most} bytes at most: send less at once."
