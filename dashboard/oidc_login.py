"""Logging in with a provider of OpenID Connect: out to it, and back from it."""

import secrets
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from dashboard.accounts import HOME, go_in, login_path, safe_next
from dashboard.errors import NotThere, OriginDown, Refused
from dashboard.pages import go
from dashboard.site import Site

_LONGEST_CODE = 4096
_AWAY = "Logging in that way does not work at the moment: try again later, or log in otherwise."


class OidcLogin:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def begin(self, request: Request) -> Response:
        """Off to the provider. Whoever comes back has to be the browser that was sent: the cookie keeps the state."""
        provider = request.path_params["provider"]
        try:
            way = await self._site.client.begin_oidc(provider)
        except Refused as error:
            return self._back(request, login_path(request), error.message)
        except OriginDown:
            return self._back(request, login_path(request), _AWAY)
        request.session["oidc"] = {"provider": provider, "state": way.state, "next": safe_next(request)}
        return go(way.authorization_url)

    async def finish(self, request: Request) -> Response:
        provider, query = request.path_params["provider"], request.query_params
        begun = request.session.pop("oidc", None)
        login = f"/login?{urlencode({'next': begun['next'] if begun else HOME})}"
        state = query.get("state", "")
        same = (
            begun and begun["provider"] == provider and secrets.compare_digest(begun["state"].encode(), state.encode())
        )
        if not begun or not same:
            return self._back(
                request, login, "That log-in was not begun in this browser, or too long ago. Log in once more."
            )
        code = query.get("code", "")
        if not 0 < len(code) <= _LONGEST_CODE:  # mostly `error=access_denied`: they changed their mind
            return self._back(request, login, "The provider did not let you in. Try again, or log in otherwise.")
        try:
            answer = await self._site.client.finish_oidc(
                provider, {"state": state, "code": code, "iss": query.get("iss", "")}
            )
        except Refused as error:
            return self._back(request, login, error.message)
        except (OriginDown, NotThere):
            return self._back(request, login, _AWAY)
        return go_in(self._site, request, answer, begun["next"])

    def _back(self, request: Request, login: str, message: str) -> Response:
        """To the log-in page, so that no code stays in the address."""
        request.session["flash"] = message
        return go(login)
