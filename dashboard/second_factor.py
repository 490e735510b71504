"""Switching the second factor on and off, and new recovery codes.

What is shown once is the answer to a form, not a page of its own: it is in no URL, no cookie and no later page.
"""

from starlette.requests import Request
from starlette.responses import Response

from dashboard.account_security import PATH
from dashboard.errors import Refused
from dashboard.forms import BothFactorsForm, CodeForm, Form, PasswordCheckForm
from dashboard.pages import go
from dashboard.site import Site


class SecondFactorPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def begin(self, request: Request) -> Response:
        await self._site.sessions.token(request)
        return self._page(request, "second_factor_begin.html", PasswordCheckForm(request))

    async def enrol(self, request: Request) -> Response:
        """The page with the secret, as a QR code and as text."""
        token = await self._site.sessions.token(request)
        form = await PasswordCheckForm.from_formdata(request)
        try:
            secret = await self._site.client.security.enrol(token, form.password.data or "")
        except Refused as error:
            return self._refused(request, "second_factor_begin.html", form, error)
        return self._page(request, "second_factor_confirm.html", CodeForm(request, formdata=None), secret=secret)

    async def confirm(self, request: Request) -> Response:
        token = await self._site.sessions.token(request)
        form = await CodeForm.from_formdata(request)
        if not await form.validate():
            return self._page(request, "second_factor_confirm.html", form, 422, secret=None)
        try:
            codes = await self._site.client.security.confirm(token, form.code.data)
        except Refused as error:
            return self._refused(request, "second_factor_confirm.html", form, error, secret=None)
        return self._codes(request, codes, "Your second factor is on")

    async def show_renew(self, request: Request) -> Response:
        await self._site.sessions.token(request)
        return self._page(request, "second_factor_codes.html", BothFactorsForm(request))

    async def renew(self, request: Request) -> Response:
        token = await self._site.sessions.token(request)
        form = await BothFactorsForm.from_formdata(request)
        if not await form.validate():
            return self._page(request, "second_factor_codes.html", form, 422)
        try:
            codes = await self._site.client.security.renew_codes(token, form.to_send())
        except Refused as error:
            return self._refused(request, "second_factor_codes.html", form, error)
        return self._codes(request, codes, "New recovery codes")

    async def show_off(self, request: Request) -> Response:
        await self._site.sessions.token(request)
        return self._page(request, "second_factor_off.html", BothFactorsForm(request))

    async def switch_off(self, request: Request) -> Response:
        token = await self._site.sessions.token(request)
        form = await BothFactorsForm.from_formdata(request)
        if not await form.validate():
            return self._page(request, "second_factor_off.html", form, 422)
        try:
            await self._site.client.security.switch_off(token, form.to_send())
        except Refused as error:
            return self._refused(request, "second_factor_off.html", form, error)
        request.session["flash"] = "The second factor is off."
        return go(PATH)

    def _codes(self, request: Request, codes: list[str], title: str) -> Response:
        return self._site.pages.page(request, "recovery_codes.html", codes=codes, title=title)

    def _refused(self, request: Request, template: str, form: Form, error: Refused, **values: object) -> Response:
        form.refuse(error)
        return self._page(request, template, form, error.status, **values)

    def _page(self, request: Request, template: str, form: Form, status: int = 200, **values: object) -> Response:
        return self._site.pages.page(request, template, status, form=form, **values)
