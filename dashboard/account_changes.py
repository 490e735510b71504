"""Changing the account itself: its password, its address, its end. Each takes the password as it is."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dashboard.account_security import PATH
from dashboard.form_page import FormPage
from dashboard.forms import EmailChangeForm, PasswordChangeForm, PasswordCheckForm
from dashboard.pages import go
from dashboard.site import Site


class AccountChanges:
    def __init__(self, site: Site) -> None:
        self._site = site

    def forms(self) -> dict[str, FormPage[Any]]:
        """The pages by their path."""
        pages, enter = self._site.pages, self._site.sessions.token
        return {
            f"{PATH}/password": FormPage(pages, "change_password.html", PasswordChangeForm, self._password, enter),
            f"{PATH}/email": FormPage(pages, "change_email.html", EmailChangeForm, self._email, enter),
            f"{PATH}/delete-account": FormPage(pages, "delete_account.html", PasswordCheckForm, self._delete, enter),
        }

    async def _password(self, request: Request, form: PasswordChangeForm) -> Response:
        token = await self._site.sessions.token(request)
        await self._site.client.security.change_password(token, form.current_password.data or "", form.password.data)
        request.session["flash"] = "Password changed. You are logged out everywhere else."
        return go(PATH)

    async def _email(self, request: Request, form: EmailChangeForm) -> Response:
        """The address stays as it is until the letter was read."""
        token = await self._site.sessions.token(request)
        said = await self._site.client.security.change_email(token, form.email.data, form.password.data or "")
        request.session["flash"] = said
        return go("/letter-sent")

    async def _delete(self, request: Request, form: PasswordCheckForm) -> Response:
        token = await self._site.sessions.token(request)
        await self._site.client.security.delete_account(token, form.password.data or "")
        request.session.clear()
        request.session["flash"] = "Your account is deleted."
        return go("/login")
