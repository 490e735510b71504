"""Logging in by a passkey, and showing one as the second factor."""

from starlette.requests import Request
from starlette.responses import Response

from dashboard.accounts import login_path, safe_next
from dashboard.errors import Refused
from dashboard.forms import CredentialForm
from dashboard.pages import go
from dashboard.site import Site


class PasskeyLogin:
    """`second`: after a first step, whose token goes along."""

    def __init__(self, site: Site, *, second: bool = False) -> None:
        self._site = site
        self._second = second

    async def ask(self, request: Request) -> Response:
        """The page on which the browser asks for the passkey."""
        token = self._token(request)
        if token is None:
            return go(login_path(request))
        try:
            options = await self._site.client.passkey_login_options(token)
        except Refused as error:
            return self._refused(request, error)
        return self._site.pages.page(
            request,
            "passkey_use.html",
            form=CredentialForm(request, formdata=None),
            options=options,
            action="/login/second-step/passkey/finish" if self._second else "/login/passkey/finish",
            next=safe_next(request),
        )

    async def finish(self, request: Request) -> Response:
        form = await CredentialForm.from_formdata(request)
        token = self._token(request)
        if token is None or not await form.validate():
            return go(login_path(request))
        try:
            tokens = await self._site.client.log_in_by_passkey(form.credential.data, token)
        except Refused as error:
            return self._refused(request, error)
        self._site.sessions.start(request, tokens)
        return go(safe_next(request))

    def _token(self, request: Request) -> str | None:
        """That of the first step; "" where there needs to be none, None where it is missing."""
        return (self._site.sessions.step(request) or None) if self._second else ""

    def _refused(self, request: Request, error: Refused) -> Response:
        """Back to where another way in is offered, with what origin says."""
        request.session["flash"] = error.message
        return go(login_path(request))
