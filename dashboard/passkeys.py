"""Passkeys: added, renamed and deleted here, and used to log in.

A browser makes and uses them in a script (static/js/passkey.js), which puts its answer into a form of the page: what the
form brings is checked by origin alone.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dashboard.account_security import PATH
from dashboard.errors import NotThere, Refused
from dashboard.forms import BothFactorsForm, Form, PasskeyForm, PasskeyNameForm, PasswordCheckForm
from dashboard.origin_types import Passkey
from dashboard.pages import go
from dashboard.site import Site


class PasskeyPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def begin(self, request: Request) -> Response:
        return await self._begin_page(request, BothFactorsForm(request))

    async def ask(self, request: Request) -> Response:
        """The page on which the browser makes the passkey."""
        token = await self._site.sessions.token(request)
        form = await BothFactorsForm.from_formdata(request)
        try:
            options = await self._site.client.security.passkey_options(token, form.to_send())
        except Refused as error:
            form.refuse(error)
            return await self._begin_page(request, form, error.status)
        return self._create_page(request, PasskeyForm(request, formdata=None), options)

    async def add(self, request: Request) -> Response:
        token = await self._site.sessions.token(request)
        form = await PasskeyForm.from_formdata(request)
        if not await form.validate():
            return go(f"{PATH}/passkeys/new")
        try:
            await self._site.client.security.add_passkey(token, form.name.data, form.credential.data)
        except Refused as error:
            form.refuse(error)
            return self._create_page(request, form, None, error.status)
        request.session["flash"] = "Passkey added."
        return go(PATH)

    async def show(self, request: Request) -> Response:
        passkey = await self._find(request)
        return self._passkey_page(request, passkey, PasskeyNameForm(request, data={"name": passkey.name}))

    async def rename(self, request: Request) -> Response:
        token, passkey = await self._site.sessions.token(request), await self._find(request)
        form = await PasskeyNameForm.from_formdata(request)
        if not await form.validate():
            return self._passkey_page(request, passkey, form, status=422)
        try:
            await self._site.client.security.rename_passkey(token, passkey.id, form.name.data)
        except Refused as error:
            form.refuse(error)
            return self._passkey_page(request, passkey, form, status=error.status)
        request.session["flash"] = "Passkey renamed."
        return go(PATH)

    async def delete(self, request: Request) -> Response:
        token, passkey = await self._site.sessions.token(request), await self._find(request)
        form = await PasswordCheckForm.from_formdata(request)
        try:
            await self._site.client.security.delete_passkey(token, passkey.id, form.password.data or "")
        except Refused as error:
            form.refuse(error)
            name = PasskeyNameForm(request, formdata=None, data={"name": passkey.name})
            return self._passkey_page(request, passkey, name, form, error.status)
        request.session["flash"] = "Passkey deleted. Nobody gets in by it any more."
        return go(PATH)

    async def _find(self, request: Request) -> Passkey:
        token = await self._site.sessions.token(request)
        wanted = request.path_params["passkey_id"]
        for each in await self._site.client.security.passkeys(token):
            if each.id == wanted:
                return each
        raise NotThere

    async def _begin_page(self, request: Request, form: Form, status: int = 200) -> Response:
        factor = await self._site.client.security.second_factor(await self._site.sessions.token(request))
        return self._site.pages.page(request, "passkey_begin.html", status, form=form, factor=factor)

    def _create_page(
        self, request: Request, form: PasskeyForm, options: dict[str, Any] | None, status: int = 200
    ) -> Response:
        return self._site.pages.page(request, "passkey_create.html", status, form=form, options=options)

    def _passkey_page(
        self,
        request: Request,
        passkey: Passkey,
        name: PasskeyNameForm,
        password: PasswordCheckForm | None = None,
        status: int = 200,
    ) -> Response:
        values = {"passkey": passkey, "form": name, "check": password or PasswordCheckForm(request, formdata=None)}
        return self._site.pages.page(request, "passkey.html", status, **values)
