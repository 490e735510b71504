"""Which pages of other origins may call the API from a browser: those that a workspace names.

A preflight has no key, so nobody can know which workspace the call will be about: it passes where any workspace names the
page's origin. The call itself is held to the workspace of its token, before anything is done. Credentials are never allowed: a
page sends a key or an access token by itself, and the cookie of a session is for the dashboard alone.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from origin.limits.gate import Gate, refuse
from origin.middleware import extra_headers
from origin.openapi import PREFIX
from origin.problems import Forbidden
from origin.storage.tables import workspaces

# Documents that are the same for everybody.
_FOR_ANY = frozenset({f"{PREFIX}/openapi.json", f"{PREFIX}/errors"})
_ORIGIN = "nearhop.origin"
_KNOWN_SECONDS = 10.0
_MOST_KNOWN = 1000
_ALLOW, _EXPOSE = "Access-Control-Allow-Origin", "Access-Control-Expose-Headers"
_EXPOSED = (
    "ETag, Idempotent-Replayed, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id"
)
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
    "X-Request-Id, X-Workspace-Id",
    "Access-Control-Max-Age": "600",
}


class KnownOrigins:
    """Whether any workspace names an origin; remembered for some seconds, for preflights are many."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, bool]] = OrderedDict()

    def remembers(self, origin: str) -> bool:
        """Whether `has` would answer without a look into the database."""
        return self._clock() < self._known.get(origin, (0.0, False))[0]

    async def has(self, origin: str) -> bool:
        """Whether pages of this origin may call the API at all."""
        now = self._clock()
        until, known = self._known.get(origin, (0.0, False))
        if now >= until:
            named = sa.select(workspaces.c.id).where(workspaces.c.allowed_origins.contains([origin]))
            async with self._engine.connect() as connection:
                known = bool((await connection.execute(sa.select(named.exists()))).scalar_one())
            self._known[origin] = (now + _KNOWN_SECONDS, known)
            self._known.move_to_end(origin)
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return known


class Cors:
    """ASGI middleware of the API: answers preflights, refuses pages that nobody names, and marks answers as readable."""

    def __init__(self, app: ASGIApp, *, known: KnownOrigins, gate: Gate | None = None) -> None:
        self._app = app
        self._known = known
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, request = Headers(scope=scope), Request(scope)
        origin, answered = headers.get("Origin"), extra_headers(scope)
        answered["Vary"] = "Origin"
        if origin is None or origin == f"{request.url.scheme}://{request.url.netloc}":
            await self._app(scope, receive, send)
            return
        if request.url.path in _FOR_ANY:
            answered[_ALLOW] = "*"
        elif await self._is_known(origin, request):
            answered[_ALLOW] = origin
            scope[_ORIGIN] = origin
        else:
            raise _refused(origin)
        answered[_EXPOSE] = _EXPOSED
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in headers:
            await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _is_known(self, origin: str, request: Request) -> bool:
        """A look into the database counts for the address: preflights come before all limits, and origins are soon made up."""
        if self._gate is not None and not self._known.remembers(origin):
            standing = await self._gate.admit_address(request)
            if standing is not None:
                refuse(standing)
        return await self._known.has(origin)


def hold_to_workspace(request: Request) -> None:
    """Raise Forbidden for the page of an origin that the caller's own workspace does not name. Call it once they are known."""
    origin = request.scope.get(_ORIGIN)
    who = getattr(request.state, "actor", None) or getattr(request.state, "caller", None)
    if origin is None or who is None or origin in who.allowed_origins:
        return
    answered = extra_headers(request.scope)
    del answered[_ALLOW], answered[_EXPOSE]
    raise _refused(origin)


def _refused(origin: str) -> Forbidden:
    return Forbidden(
        f"Origin: pages of {origin[:200]} may not call the API from a browser. Name it in the workspace's allowedOrigins."
    )
