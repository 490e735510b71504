"""GET /qr: a QR code for a URL. Anyone may ask, since pages show it as an image; a logo of one's own takes an API key."""

from hashlib import sha256
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from origin.accounts.access import identify
from origin.api import read_query, route
from origin.links.model import wire_name
from origin.openapi import ANYONE, Operation
from origin.qr import label
from origin.qr.cache import ByteCache
from origin.qr.logos import Logos
from origin.qr.look import Frame, Look, check_contrast
from origin.qr.render import MAX_SIZE, render
from origin.threads import BoundedThreads

PNG, SVG = "image/png", "image/svg+xml"
_AT_ONCE = 2
_WAITING = 100
_CACHE_BYTES = 16_000_000

Colour = Annotated[str, Meta(pattern="^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")]


class QrQuery(msgspec.Struct, kw_only=True, rename=wire_name, forbid_unknown_fields=True):
    """What to draw.

    `size` is the width in pixels, `margin` in modules; `includeMargin=false` is the old way to say margin 0. `logo` is the URL
    of a picture for the middle; without one the short domain's own is drawn, unless `hideLogo` is set. `frame` puts a border
    around the code, or a border with `frameText` below.
    """

    url: Annotated[str, Meta(min_length=1)]
    size: Annotated[float, Meta(ge=50, le=MAX_SIZE)] = 600
    level: Literal["L", "M", "Q", "H"] = "L"
    fg_color: Colour = "#000000"
    bg_color: Colour = "#FFFFFF"
    margin: Annotated[float, Meta(ge=0, le=20)] = 2
    include_margin: bool = True
    logo: Annotated[str, Meta(max_length=8_192, pattern="^[!-~]*$")] | None = None  # a URL, so that all fits into one
    hide_logo: bool = False
    frame: Frame = "none"
    frame_text: Annotated[str, Meta(max_length=label.MOST_CHARACTERS)] = "Scan me"
    format: Literal["png", "svg"] | None = None


class QrViews:
    """The endpoint, which draws a few codes at a time, in threads, and remembers those asked for last."""

    def __init__(self, logos: Logos) -> None:
        crowded = "Too many QR codes are drawn at this moment: try again in a few seconds."
        self._threads = BoundedThreads(_AT_ONCE, _WAITING, crowded)
        self._logos = logos
        self._drawn = ByteCache(_CACHE_BYTES)

    async def get(self, request: Request) -> Response:
        query = read_query(request, QrQuery)
        kind = query.format or ("svg" if _asks_for_svg(request) else "png")
        image = await self._draw(query.url, await self._look(request, query), kind)
        headers = {"Cache-Control": "public, max-age=86400", "Vary": "Accept", "X-Content-Type-Options": "nosniff"}
        return Response(image, headers=headers, media_type=SVG if kind == "svg" else PNG)

    async def _look(self, request: Request, query: QrQuery) -> Look:
        foreground, background = _colour(query.fg_color), _colour(query.bg_color)
        check_contrast(foreground, background)
        return Look(
            int(query.size),
            query.level.lower(),
            foreground,
            background,
            int(query.margin) if query.include_margin else 0,
            await self._logo(request, query),
            query.frame,
            label.check(query.frame_text) if query.frame == "label" else "",
        )

    async def _logo(self, request: Request, query: QrQuery) -> bytes | None:
        if query.hide_logo:
            return None
        if query.logo:
            await identify(request)  # what makes origin call elsewhere is no service for everybody
            return await self._logos.fetch(query.logo)
        return await self._logos.of_domain(request, query.url)

    async def _draw(self, url: str, look: Look, kind: str) -> bytes:
        key = sha256(repr((url, look, kind)).encode()).hexdigest()
        image = self._drawn.get(key)
        if image is None:
            image = await self._threads.run(render, url, look, kind)
            self._drawn.put(key, image)
        return image


def _asks_for_svg(request: Request) -> bool:
    accept = request.headers.get("Accept", "")
    return SVG in accept and PNG not in accept


def _colour(given: str) -> str:
    return "#" + given.removeprefix("#")


def routes(logos: Logos) -> list[BaseRoute]:
    """The route below /api/v1."""
    return [
        route(
            Operation(
                method="GET",
                path="/qr",
                summary="Draw a QR code",
                tag="qr codes",
                permission=ANYONE,
                endpoint=QrViews(logos).get,
                query=QrQuery,
                media_types=(PNG, SVG),
                errors=(401,),
            )
        )
    ]
