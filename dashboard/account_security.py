"""The page of how one gets in: the second factor, passkeys, providers, and where one is logged in."""

from starlette.requests import Request
from starlette.responses import Response

from dashboard.errors import NotThere, Refused
from dashboard.forms import PasswordCheckForm
from dashboard.origin_types import Identity
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
            identities=await calls.identities(token),
            sessions=await calls.sessions(token),
        )

    async def show_identity(self, request: Request) -> Response:
        return self._identity_page(request, await self._identity(request), PasswordCheckForm(request))

    async def unlink(self, request: Request) -> Response:
        token, identity = await self._site.sessions.token(request), await self._identity(request)
        form = await PasswordCheckForm.from_formdata(request)
        try:
            await self._site.client.security.unlink(token, identity.id, form.password.data or "")
        except Refused as error:
            form.refuse(error)
            return self._identity_page(request, identity, form, error.status)
        request.session["flash"] = "Unlinked. It opens your account no more."
        return go(PATH)

    async def _identity(self, request: Request) -> Identity:
        token = await self._site.sessions.token(request)
        for each in await self._site.client.security.identities(token):
            if each.id == request.path_params["identity_id"]:
                return each
        raise NotThere

    def _identity_page(
        self, request: Request, identity: Identity, form: PasswordCheckForm, status: int = 200
    ) -> Response:
        return self._site.pages.page(request, "identity.html", status, form=form, identity=identity)

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
