"""The website as an ASGI app: a dictionary of pages, and files that browsers keep."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from landing.metrics import CountRequests, Metrics
from landing.pages import FOLDER, Page, render_not_found, render_site
from landing.settings import LandingSettings

# A new release of the site shows within minutes; until then neither browsers nor proxies ask again.
PAGE_CACHE = "public, max-age=300"
FOREVER = "public, max-age=31536000, immutable"
HEADERS = {
    # No script runs here, ours included.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
}


def create_app(settings: LandingSettings) -> Starlette:
    """Renders the whole site, then serves it."""
    site = Website(render_site(settings), render_not_found(settings))
    metrics = Metrics()
    routes = [
        Route("/healthz", alive),
        Route("/readyz", site.ready),
        Route("/metrics", metrics.show),
        Mount("/static", HashedFiles(directory=FOLDER / "static")),
        Route("/{path:path}", site.show),
    ]
    return Starlette(routes=routes, middleware=[Middleware(CountRequests, metrics=metrics)])


class Website:
    def __init__(self, pages: dict[str, Page], missing: Page) -> None:
        self._pages = pages
        self._missing = missing

    async def show(self, request: Request) -> Response:
        page = self._pages.get(request.url.path)
        if page is None:
            return Response(self._missing.body, 404, {**HEADERS, "Cache-Control": "no-cache"}, self._missing.media_type)
        return answer(request, page)

    async def ready(self, request: Request) -> Response:
        del request
        part = {"ok": True, "detail": f"{len(self._pages)} rendered"}
        return JSONResponse({"status": "ok", "parts": {"pages": part}})


def answer(request: Request, page: Page) -> Response:
    """The page as this browser can take it: not at all where it has it, compressed where it may be."""
    headers = {**HEADERS, "Cache-Control": PAGE_CACHE, "ETag": page.etag, "Vary": "Accept-Encoding"}
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if page.etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(page.compressed, headers={**headers, "Content-Encoding": "gzip"}, media_type=page.media_type)
    return Response(page.body, headers=headers, media_type=page.media_type)


class HashedFiles(StaticFiles):
    """Static files; one that was asked for by its hash may be kept forever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FOREVER if scope["query_string"].startswith(b"v=") else "no-cache"
        response.headers.update(HEADERS)
        return response


async def alive(request: Request) -> Response:
    del request
    return JSONResponse({"status": "ok", "parts": {}})
