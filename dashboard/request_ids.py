"""The id of the request at hand: in every answer, log line and call to origin that it leads to."""

from contextvars import ContextVar

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.request_id import HEADER, accept

_current: ContextVar[str] = ContextVar("request_id", default="")


class RequestIds:
    """Outermost middleware: takes the caller's id or makes one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = accept(Headers(scope=scope).get(HEADER, ""))
        # Not taken back at the end: what answers to an unexpected error stands outside of all middleware.
        _current.set(request_id)
        structlog.contextvars.bind_contextvars(request_id=request_id)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        await self._app(scope, receive, send_with_id)


def request_id_header() -> dict[str, str]:
    """The header that hands the id on; none outside of a request."""
    return {HEADER: _current.get()} if _current.get() else {}
