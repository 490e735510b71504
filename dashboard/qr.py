"""QR codes: drawn by origin, passed on as an image to show or a file to keep."""

from starlette.requests import Request
from starlette.responses import Response

from dashboard.errors import NotThere
from dashboard.site import Site

TYPES = {"png": "image/png", "svg": "image/svg+xml"}
# As large as print needs for the PNG; an SVG has no size of its own.
_SIZE = "1024"


class QrCodes:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: Request) -> Response:
        """`/links/{id}/qr.{png|svg}`; with `?download` it is saved under the link's code."""
        kind = request.path_params["kind"]
        if kind not in TYPES:
            raise NotThere
        token = await self._site.sessions.token(request)
        link = await self._site.client.link(token, request.path_params["link_id"])
        image = await self._site.client.qr(token, {"url": link.short_link, "size": _SIZE, "format": kind}, TYPES[kind])
        headers = {"Cache-Control": "private, max-age=300"}
        if "download" in request.query_params:
            name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in link.key)
            headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
        return Response(image.content, headers=headers, media_type=TYPES[kind])
