"""Who is logged in: origin's tokens, kept in a signed cookie that scripts can't read.

Nothing is stored on the server, so a restart logs nobody out and any process can answer any request.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from starlette.requests import Request

from dashboard.errors import NeedsLogin, OriginDown, OriginError
from dashboard.origin_client import OriginClient
from dashboard.origin_types import SecondStep, Tokens
from dashboard.team_types import Workspace
from dashboard.visitor import work_in

MAX_AGE_SECONDS = 7 * 24 * 3600  # as long as origin's refresh token lives
# An access token is renewed this long before it ends, so that it doesn't end between two calls for one page.
MARGIN_SECONDS = 60
# Requests that were sent with a cookie from before a renewal still arrive for a moment: they get the same new tokens.
KEEP_RENEWAL_SECONDS = 30


class Sessions:
    """Reads and writes the session cookie of a request, and renews access tokens that are about to end."""

    def __init__(self, client: OriginClient, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._clock = clock
        self._renewals: dict[str, tuple[float, asyncio.Task[Tokens]]] = {}

    def start(self, request: Request, tokens: Tokens) -> None:
        """Begin a session; nothing of an earlier one, its CSRF token included, is kept, but an invitation that is open."""
        _begin_anew(request)
        self._keep(request, tokens)

    def keep_step(self, request: Request, step: SecondStep) -> None:
        """Remember that the first step of a log-in is done; nothing of an earlier session is kept."""
        _begin_anew(request)
        ends = int(self._clock()) + step.expires_in
        request.session["step"] = {"token": step.token, "ends": ends, "methods": step.methods}

    def step(self, request: Request) -> str:
        """The token for the second step; "" where there is no first one, or one too long ago."""
        step = request.session.get("step")
        return str(step["token"]) if step and step["ends"] > self._clock() else ""

    async def token(self, request: Request, lasting: int = MARGIN_SECONDS) -> str:
        """The access token of the request's user, good for so many seconds if they can be had; raises NeedsLogin."""
        session = request.session
        if "access" not in session:
            raise NeedsLogin
        work_in(session.get("workspace", {}).get("id", ""))
        renewed = session["ends"] - lasting <= self._clock()
        if renewed:
            self._keep(request, await self._renew(session["cookies"]))
        if renewed or "may" not in session.get("workspace", {}):
            await self._keep_workspace(session)
        return str(session["access"])

    async def _keep_workspace(self, session: dict[str, Any]) -> None:
        """At first, and with each renewal: what origin says of the workspace, which every page names, and one's role in it."""
        with suppress(OriginError):  # the page's own calls will meet the same, and say so
            workspace = (await self._client.team.me(session["access"])).workspace
            if workspace:
                remember_workspace(session, workspace)

    async def end(self, request: Request) -> None:
        """Log out here and at origin."""
        session = dict(request.session)
        request.session.clear()
        if "access" in session:
            await self._client.log_out(session["access"], session["cookies"])

    def _keep(self, request: Request, tokens: Tokens) -> None:
        request.session["email"] = tokens.user.email  # which may have changed since the last time
        request.session["access"] = tokens.access_token
        request.session["ends"] = int(self._clock()) + tokens.expires_in
        request.session["cookies"] = tokens.cookies

    async def _renew(self, cookies: dict[str, str]) -> Tokens:
        """One renewal for a refresh cookie, whoever asks: origin takes a second use of it for theft."""
        now = self._clock()
        self._renewals = {name: each for name, each in self._renewals.items() if now - each[0] < KEEP_RENEWAL_SECONDS}
        name = hashlib.sha256(repr(sorted(cookies.items())).encode()).hexdigest()
        if name not in self._renewals:
            self._renewals[name] = now, asyncio.create_task(self._client.refresh(cookies))
        try:
            # Shielded: the first to ask may go away while others wait for the same answer.
            return await asyncio.shield(self._renewals[name][1])
        except OriginDown:
            self._renewals.pop(name, None)  # to be tried again
            raise


def remember_workspace(session: dict[str, Any], workspace: Workspace) -> None:
    """Let the pages be about this workspace, and offer what one may do there. Whether it is done is up to origin."""
    session["workspace"] = {"id": workspace.id, "name": workspace.name, "may": workspace.permissions}


def _begin_anew(request: Request) -> None:
    """Forget everything but an invitation, which was opened before the log-in that it asked for."""
    letter = request.session.get("invitation")
    request.session.clear()
    if letter:
        request.session["invitation"] = letter
