"""The page of how one gets in: the second factor, passkeys, and where one is logged in."""

from starlette.requests import Request
from starlette.responses import Response

from dashboard.pages import go
from dashboard.site import Site

PATH = "/security"


class AccountSecurity:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def index(self, request: Request) -> Response:
        token = await self._site.sessions.token(request)
        calls = self._site.client.security
        return self._site.pages.page(
            request,
            "security.html",
            factor=await calls.second_factor(token),
            passkeys=await calls.passkeys(token),
            sessions=await calls.sessions(token),
        )

    async def end_session(self, request: Request) -> Response:
        token = await self._site.sessions.token(request)
        await self._site.client.security.end_session(token, request.path_params["session_id"])
        request.session["flash"] = "Logged out there."
        return go(PATH)

    async def end_sessions(self, request: Request) -> Response:
        """This one ends with the others."""
        await self._site.client.security.end_sessions(await self._site.sessions.token(request))
        request.session.clear()
        request.session["flash"] = "Logged out everywhere."
        return go("/login")
