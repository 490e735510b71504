"""A page of one form, that says what is wrong with what was typed until it is right."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from dashboard.errors import Refused
from dashboard.forms import Form
from dashboard.pages import Pages

F = TypeVar("F", bound=Form)


@dataclass(frozen=True, slots=True)
class FormPage(Generic[F]):
    """Shows the form, and shows it again with what is wrong, until `take` has done what it is for."""

    pages: Pages
    template: str
    kind: type[F]
    take: Callable[[Request, F], Awaitable[Response]]
    # Raises NeedsLogin, for pages that are for people who are logged in.
    enter: Callable[[Request], Awaitable[object]] | None = None

    async def show(self, request: Request) -> Response:
        if self.enter is not None:
            await self.enter(request)
        return self._page(request, self.kind(request))

    async def send(self, request: Request) -> Response:
        form = await self.kind.from_formdata(request)
        if not await form.validate():
            return self._page(request, form, 422)
        try:
            return await self.take(request, form)
        except Refused as error:
            form.refuse(error)
            return self._page(request, form, error.status)

    def _page(self, request: Request, form: F, status: int = 200) -> Response:
        return self.pages.page(request, self.template, status, form=form)
