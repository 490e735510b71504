"""The second step of a log-in: a code of the authenticator app, or a recovery code."""

from starlette.requests import Request
from starlette.responses import Response

from dashboard.accounts import login_path, safe_next
from dashboard.errors import Refused
from dashboard.forms import CodeForm
from dashboard.pages import go
from dashboard.site import Site


class SecondStepPage:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: Request) -> Response:
        if not self._site.sessions.step(request):
            return go(login_path(request))
        return self._page(request, CodeForm(request))

    async def send(self, request: Request) -> Response:
        token = self._site.sessions.step(request)
        if not token:
            return self._begin_again(request)
        form = await CodeForm.from_formdata(request)
        if not await form.validate():
            return self._page(request, form, 422)
        try:
            tokens = await self._site.client.second_step(token, form.code.data)
        except Refused as error:
            if error.field == "token":
                return self._begin_again(request)
            form.code.errors = [error.message]
            return self._page(request, form, error.status)
        self._site.sessions.start(request, tokens)
        return go(safe_next(request))

    def _begin_again(self, request: Request) -> Response:
        request.session.clear()
        request.session["flash"] = "That took too long. Log in once more."
        return go(login_path(request))

    def _page(self, request: Request, form: CodeForm, status: int = 200) -> Response:
        methods = request.session["step"]["methods"]
        return self._site.pages.page(
            request, "second_step.html", status, form=form, methods=methods, next=safe_next(request)
        )
