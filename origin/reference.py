"""GET /openapi.json, /errors and /docs: what the API is, and what its errors mean."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from origin.error_pages import by_code
from origin.look import POLICY, pages
from origin.openapi import PREFIX, document, operations
from origin.problems import PROBLEMS

_STATIC = Path(__file__).with_name("static")
# Everything that the page loads is here. Its styles are files, so that none need be allowed inline.
_POLICY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


async def to_docs(request: Request) -> Response:
    """For whoever types the address of the API, or of origin, to see what is there."""
    del request
    return RedirectResponse(f"{PREFIX}/docs", 307)


def routes(api: Sequence[BaseRoute]) -> list[BaseRoute]:
    """The routes below /api/v1, about the routes given."""
    openapi = msgspec.json.encode(document(operations(api), _version()))
    errors = msgspec.json.encode(
        [{"status": each.status, "code": each.code, "meaning": each.__doc__} for each in PROBLEMS]
    )

    async def get_openapi(request: Request) -> Response:
        del request
        return Response(openapi, media_type="application/json")

    async def get_errors(request: Request) -> Response:
        del request
        return Response(errors, media_type="application/json")

    page = (_STATIC / "docs.html").read_text(encoding="utf-8")
    explained = pages("origin.look").get_template("errors.html").render(errors=by_code())

    async def get_docs(request: Request) -> Response:
        del request
        return HTMLResponse(page, headers=_POLICY)

    async def get_error_docs(request: Request) -> Response:
        del request
        return HTMLResponse(explained, headers={**_POLICY, "Content-Security-Policy": POLICY})

    return [
        Route("/", to_docs),
        Route("/openapi.json", get_openapi),
        Route("/errors", get_errors),
        Route("/docs", get_docs),
        Route("/docs/errors", get_error_docs),
        # What `make assets` has built may come after the start.
        Mount("/docs/assets", StaticFiles(directory=_STATIC, check_dir=False)),
    ]


def _version() -> str:
    try:
        return version("nearhop")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"
