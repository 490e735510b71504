"""Logging in and out."""

from contextlib import suppress
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from dashboard.errors import NeedsLogin, OriginDown, Refused
from dashboard.forms import LoginForm
from dashboard.origin_types import SecondStep, Tokens
from dashboard.pages import go
from dashboard.site import Site

HOME = "/links"


class Accounts:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: Request) -> Response:
        if "access" in request.session:
            return go(safe_next(request))
        return await self._page(request, LoginForm(request))

    async def log_in(self, request: Request) -> Response:
        form = await LoginForm.from_formdata(request)
        if not await form.validate():
            return await self._page(request, form, 422)
        try:
            answer = await self._site.client.log_in(form.email.data, form.password.data)
        except Refused as error:
            form.refuse(error)
            return await self._page(request, form, error.status)
        return go_in(self._site, request, answer, safe_next(request))

    async def log_out(self, request: Request) -> Response:
        # The cookie goes either way; where origin can't be told, its side of the session ends by its own clock.
        with suppress(NeedsLogin, OriginDown):
            await self._site.sessions.end(request)
        return go("/login")

    async def _page(self, request: Request, form: LoginForm, status: int = 200) -> Response:
        values = {"form": form, "next": safe_next(request), "providers": await self._site.providers.known()}
        return self._site.pages.page(request, "login.html", status, **values)


def go_in(site: Site, request: Request, answer: Tokens | SecondStep, path: str) -> Response:
    """On to the page that was asked for, or to the second step of the log-in."""
    if isinstance(answer, SecondStep):
        site.sessions.keep_step(request, answer)
        return go(f"/login/second-step?{urlencode({'next': path})}")
    site.sessions.start(request, answer)
    return go(path)


def login_path(request: Request) -> str:
    """The log-in that leads where this one was to lead."""
    return f"/login?{urlencode({'next': safe_next(request)})}"


def safe_next(request: Request) -> str:
    """Where to go after the log-in: only ever a path of ours, since the value comes from the URL."""
    path = request.query_params.get("next", HOME)
    ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if ours else HOME
