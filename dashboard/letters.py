"""What goes on by mail: the pages that ask for a letter, and those that the links in letters lead to.

A link has its token behind the #, which no server sees: static/js/letter.js puts it into the page's form. The form is
never sent by itself, so that a link alone neither logs anybody in nor spends the token.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dashboard.accounts import HOME
from dashboard.form_page import FormPage
from dashboard.forms import ForgottenForm, NewPasswordForm, RegisterForm, TokenForm
from dashboard.pages import go
from dashboard.site import Site


class Letters:
    def __init__(self, site: Site) -> None:
        self._site = site

    def forms(self) -> dict[str, FormPage[Any]]:
        """The pages by their path. Those with a token are named in origin's letters."""
        pages = self._site.pages
        return {
            "/register": FormPage(pages, "register.html", RegisterForm, self._register),
            "/forgot-password": FormPage(pages, "forgot_password.html", ForgottenForm, self._forgot),
            "/verify-email": FormPage(pages, "verify_email.html", TokenForm, self._verify),
            "/confirm-email": FormPage(pages, "confirm_email.html", TokenForm, self._confirm),
            "/reset-password": FormPage(pages, "reset_password.html", NewPasswordForm, self._reset),
        }

    async def sent(self, request: Request) -> Response:
        """Look into the mailbox: where that is, too, if it is one on the visitor's own machine."""
        mailbox = await self._site.client.local_mailbox()
        return self._site.pages.page(request, "letter_sent.html", mailbox=mailbox)

    async def _register(self, request: Request, form: RegisterForm) -> Response:
        fields = {"email": form.email.data, "password": form.password.data, "name": form.name.data}
        request.session["flash"] = await self._site.client.register(fields)
        return go("/letter-sent")

    async def _forgot(self, request: Request, form: ForgottenForm) -> Response:
        request.session["flash"] = await self._site.client.forgot_password(form.email.data)
        return go("/letter-sent")

    async def _verify(self, request: Request, form: TokenForm) -> Response:
        """The account is open, and its owner is in."""
        self._site.sessions.start(request, await self._site.client.verify(form.token.data))
        request.session["flash"] = "Welcome: your account is open."
        return go(HOME)

    async def _confirm(self, request: Request, form: TokenForm) -> Response:
        user = await self._site.client.confirm_email(form.token.data)
        request.session["flash"] = f"Address confirmed. From now on, log in as {user.email}."
        return go("/login")

    async def _reset(self, request: Request, form: NewPasswordForm) -> Response:
        """Origin has ended every session of the account; one that this browser may have goes with them."""
        await self._site.client.reset_password(form.token.data, form.password.data)
        request.session.clear()
        request.session["flash"] = "Password changed. Log in with the new one."
        return go("/login")
