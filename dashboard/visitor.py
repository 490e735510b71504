"""Who the request at hand is from, for the calls to origin that it makes.

Origin slows guessing by network and writes an audit log, so it has to hear the visitor's address and browser, not ours.
"""

import ipaddress
from contextvars import ContextVar

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

_LONGEST_AGENT = 300
_address: ContextVar[str] = ContextVar("visitor", default="")
_agent: ContextVar[str] = ContextVar("agent", default="")
_workspace: ContextVar[str] = ContextVar("workspace", default="")


class KnowVisitor:
    """Middleware that keeps the visitor's address and browser for the calls to origin that their request makes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            _address.set(_ip(scope))
            agent = Headers(scope=scope).get("User-Agent", "")[:_LONGEST_AGENT]
            _agent.set(agent if agent.isascii() and agent.isprintable() else "")
            _workspace.set("")
        await self._app(scope, receive, send)


def work_in(workspace_id: str) -> None:
    """Let the calls of this request be about this workspace; "" for the one that origin takes by itself."""
    _workspace.set(workspace_id)


def forwarded() -> dict[str, str]:
    """The headers that tell origin who asks, and for which workspace; none where that is not known."""
    headers = {"X-Forwarded-For": _address.get(), "User-Agent": _agent.get(), "X-Workspace-Id": _workspace.get()}
    return {name: value for name, value in headers.items() if value}


def _ip(scope: Scope) -> str:
    host = (scope.get("client") or ("", 0))[0]
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:  # a proxy may have sent anything
        return ""
