"""The page that the link of an invitation's letter leads to.

The token comes in by a form, as with other letters, and stays in the session until the invitation is accepted or put
aside: so it is still there after a log-in.
"""

from starlette.requests import Request
from starlette.responses import Response

from dashboard.accounts import HOME
from dashboard.errors import Refused
from dashboard.forms import ConfirmForm, TokenForm
from dashboard.pages import go
from dashboard.site import Site
from dashboard.team_forms import JoinForm

PATH = "/invitation"  # named in origin's letters
_KEY = "invitation"  # kept by Sessions.start


class InvitationPage:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: Request) -> Response:
        """What the invitation is for and how to accept it, or the form that takes the letter's token."""
        if _KEY not in request.session:
            return self._letter(request, TokenForm(request))
        return await self._open(request, JoinForm(request))

    async def take(self, request: Request) -> Response:
        """Keep the token, if it is good."""
        form = await TokenForm.from_formdata(request)
        if not await form.validate():
            return self._letter(request, form, 422)
        try:
            await self._site.client.team.show_invitation(form.token.data)
        except Refused as error:
            form.refuse(error)
            return self._letter(request, form, error.status)
        request.session[_KEY] = form.token.data
        return go(PATH)

    async def accept(self, request: Request) -> Response:
        token = await self._site.sessions.token(request)
        letter = request.session.get(_KEY)
        if not letter:
            return go(PATH)
        shown = await self._site.client.team.show_invitation(letter)
        workspace_id = await self._site.client.team.accept_invitation(token, letter)
        return self._joined(request, workspace_id, shown.workspace)

    async def register(self, request: Request) -> Response:
        """Open the account that the invitation is for: the letter has proved the address."""
        letter = request.session.get(_KEY)
        if not letter:
            return go(PATH)
        form = await JoinForm.from_formdata(request)
        if not await form.validate():
            return await self._open(request, form, 422)
        try:
            shown = await self._site.client.team.show_invitation(letter)
            tokens = await self._site.client.accept_and_register(letter, form.password.data, form.name.data)
        except Refused as error:
            form.refuse(error)
            return await self._open(request, form, error.status)
        self._site.sessions.start(request, tokens)
        return self._joined(request, "", shown.workspace)

    async def put_aside(self, request: Request) -> Response:
        request.session.pop(_KEY, None)
        return go(HOME)

    def _joined(self, request: Request, workspace_id: str, name: str) -> Response:
        request.session.pop(_KEY, None)
        if workspace_id:
            request.session["workspace"] = {"id": workspace_id, "name": name}
        request.session["flash"] = f"Welcome to {name}."
        return go(HOME)

    async def _open(self, request: Request, form: JoinForm, status: int = 200) -> Response:
        try:
            shown = await self._site.client.team.show_invitation(request.session[_KEY])
        except Refused as error:
            del request.session[_KEY]
            letter = TokenForm(request, formdata=None)
            letter.refuse(error)
            return self._letter(request, letter, error.status)
        return self._site.pages.page(
            request, "invitation.html", status, shown=shown, form=form, confirm=ConfirmForm(request, formdata=None)
        )

    def _letter(self, request: Request, form: TokenForm, status: int = 200) -> Response:
        return self._site.pages.page(request, "invitation_letter.html", status, form=form)
