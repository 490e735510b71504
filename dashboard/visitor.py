"""Who the request at hand is from: origin slows guessing by network, so it has to hear the visitor's address, not ours."""

import ipaddress
from contextvars import ContextVar

from starlette.types import ASGIApp, Receive, Scope, Send

_address: ContextVar[str] = ContextVar("visitor", default="")


class KnowVisitor:
    """Middleware that keeps the visitor's address for the calls to origin that their request makes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            _address.set(_ip(scope))
        await self._app(scope, receive, send)


def forwarded() -> dict[str, str]:
    """The header that tells origin who asks; none where that is not known, as outside of a request."""
    address = _address.get()
    return {"X-Forwarded-For": address} if address else {}


def _ip(scope: Scope) -> str:
    host = (scope.get("client") or ("", 0))[0]
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:  # a proxy may have sent anything
        return ""
