"""API keys: made here, shown once."""

from starlette.requests import Request
from starlette.responses import Response

from dashboard.errors import Refused
from dashboard.forms import ApiKeyForm, ConfirmForm
from dashboard.origin_types import NewApiKey
from dashboard.pages import go
from dashboard.site import Site


class ApiKeys:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def index(self, request: Request) -> Response:
        return await self._page(request, ApiKeyForm(request))

    async def create(self, request: Request) -> Response:
        """The answer is the page itself, not a redirect: the key is in no URL, cookie or store, and in no later page."""
        token = await self._site.sessions.token(request)
        form = await ApiKeyForm.from_formdata(request)
        if not await form.validate():
            return await self._page(request, form, status=422)
        try:
            made = await self._site.client.create_api_key(token, form.name.data)
        except Refused as error:
            form.refuse(error)
            return await self._page(request, form, status=error.status)
        return await self._page(request, ApiKeyForm(request, formdata=None), made)

    async def confirm_delete(self, request: Request) -> Response:
        token = await self._site.sessions.token(request)
        keys = await self._site.client.api_keys(token)
        key = next((each for each in keys if each.id == request.path_params["key_id"]), None)
        if key is None:
            return go("/api-keys")  # deleted already, in another window
        return self._site.pages.page(request, "api_key_delete.html", key=key, form=ConfirmForm(request))

    async def delete(self, request: Request) -> Response:
        token = await self._site.sessions.token(request)
        await self._site.client.delete_api_key(token, request.path_params["key_id"])
        request.session["flash"] = "Key deleted. It stops working at once."
        return go("/api-keys")

    async def _page(
        self, request: Request, form: ApiKeyForm, made: NewApiKey | None = None, status: int = 200
    ) -> Response:
        token = await self._site.sessions.token(request)
        keys = await self._site.client.api_keys(token)
        return self._site.pages.page(request, "api_keys.html", status, form=form, keys=keys, made=made)
