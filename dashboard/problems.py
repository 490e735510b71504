"""Errors as pages: one place turns each into what a person can do next."""

from urllib.parse import urlencode

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette_wtf import CSRFError

from dashboard.errors import NeedsLogin, NotThere, OriginDown, OriginError, Refused
from dashboard.pages import go, is_partial
from dashboard.request_ids import request_id_header
from dashboard.site import Site

_log = structlog.get_logger(__name__)
RETRY_SECONDS = 5
_FORBIDDEN = 403
_CSRF_FIELD = "csrf_token"
_SECRET_WORDS = ("password", "code", "token", "letter", "credential")


async def _typed(request: Request) -> list[tuple[str, str]]:
    """What a form has sent, for it to be sent again; nothing where a secret is in it, which no page may hold."""
    form = await request.form()
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str) and name != _CSRF_FIELD]
    secret = any(value and any(word in name for word in _SECRET_WORDS) for name, value in fields)
    return [] if secret else fields


class Problems:
    """The exception handlers of the app."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._pages = site.pages

    def handlers(self) -> dict[type[Exception], object]:
        return {
            NeedsLogin: self.needs_login,
            NotThere: self.not_there,
            OriginDown: self.origin_down,
            Refused: self.refused,
            CSRFError: self.old_form,
            HTTPException: self.http_error,
            Exception: self.unexpected,
        }

    async def needs_login(self, request: Request, error: Exception) -> Response:
        """To the log-in, and back afterwards to the page that was asked for."""
        del error
        request.session.clear()
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        back = request.method == "GET" and not is_partial(request) and request.url.path != "/"
        url = "/login" + (f"?{urlencode({'next': wanted})}" if back else "")
        return Response(status_code=401, headers={"HX-Redirect": url}) if is_partial(request) else go(url)

    async def not_there(self, request: Request, error: Exception) -> Response:
        """Nothing here; or the workspace that was chosen is one's own no longer, and then the choice is open again."""
        if isinstance(error, NotThere) and await self._lost_workspace(request):
            request.session.pop("workspace", None)
            request.session["flash"] = "You are not in that workspace any more. Choose another one."
            return go("/workspaces")
        return self._pages.page(request, "not_found.html", 404)

    async def _lost_workspace(self, request: Request) -> bool:
        chosen = request.session.get("workspace", {}).get("id")
        try:
            mine = await self._site.client.team.workspaces(await self._site.sessions.token(request))
        except OriginError:
            return False
        return not mine or (chosen is not None and chosen not in {each.id for each in mine})

    async def origin_down(self, request: Request, error: Exception) -> Response:
        _log.warning("origin down", path=request.url.path, reason=str(error))
        again = request.method == "GET"
        typed = [] if again else await _typed(request)
        response = self._pages.page(request, "origin_down.html", 503, seconds=RETRY_SECONDS, again=again, typed=typed)
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response

    async def refused(self, request: Request, error: Exception) -> Response:
        """A refusal that belongs to no form."""
        assert isinstance(error, Refused)
        if error.status == _FORBIDDEN and "workspace" in request.session:  # one's role has changed: ask for it anew
            known = request.session["workspace"]
            request.session["workspace"] = {name: known[name] for name in ("id", "name")}
        return self._pages.page(request, "refused.html", error.status, title="Not done", message=error.message)

    async def old_form(self, request: Request, error: Exception) -> Response:
        """A missing or wrong CSRF token: nearly always a page from before a log-in in another tab."""
        del error
        message = "This page is from an earlier session. Go back, load it again, and send the form once more."
        return self._pages.page(request, "refused.html", 403, title="This form is too old", message=message)

    async def http_error(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:  # noqa: PLR2004  # the best known number of the web
            return await self.not_there(request, error)
        return self._pages.page(request, "refused.html", error.status_code, title="Not done", message=error.detail)

    async def unexpected(self, request: Request, error: Exception) -> Response:
        _log.error("unexpected error", path=request.url.path, exc_info=error)
        message = "Something went wrong on our side. It has been logged; please try again."
        # Outside of every middleware there is no session to render a whole page with.
        return Response(message, 500, request_id_header(), "text/plain")
