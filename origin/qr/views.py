"""GET /qr: a QR code for a URL. Anyone may ask, since pages show it as an image."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from origin.api import read_query, route
from origin.links.model import wire_name
from origin.links.unsupported import refuse
from origin.openapi import ANYONE, Operation
from origin.qr.render import MAX_SIZE, Look, render
from origin.threads import BoundedThreads

PNG, SVG = "image/png", "image/svg+xml"
_AT_ONCE = 2
_WAITING = 100

Colour = Annotated[str, Meta(pattern="^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")]


class QrQuery(msgspec.Struct, kw_only=True, rename=wire_name, forbid_unknown_fields=True):
    """What to draw. `size` is the side in pixels, `margin` in modules; `includeMargin=false` is the old way to say margin 0."""

    url: Annotated[str, Meta(min_length=1)]
    size: Annotated[float, Meta(ge=50, le=MAX_SIZE)] = 600
    level: Literal["L", "M", "Q", "H"] = "L"
    fg_color: Colour = "#000000"
    bg_color: Colour = "#FFFFFF"
    margin: Annotated[float, Meta(ge=0, le=20)] = 2
    include_margin: bool = True
    hide_logo: bool = False
    format: Literal["png", "svg"] | None = None
    logo: Any = UNSET


class QrViews:
    """The endpoint, which draws a few codes at a time, in threads."""

    def __init__(self) -> None:
        crowded = "Too many QR codes are drawn at this moment: try again in a few seconds."
        self._threads = BoundedThreads(_AT_ONCE, _WAITING, crowded)

    async def get(self, request: Request) -> Response:
        query = read_query(request, QrQuery)
        refuse(query)
        kind = query.format or ("svg" if _asks_for_svg(request) else "png")
        margin = int(query.margin) if query.include_margin else 0
        look = Look(int(query.size), query.level.lower(), _colour(query.fg_color), _colour(query.bg_color), margin)
        image = await self._threads.run(render, query.url, look, kind)
        headers = {"Cache-Control": "public, max-age=86400", "Vary": "Accept", "X-Content-Type-Options": "nosniff"}
        return Response(image, headers=headers, media_type=SVG if kind == "svg" else PNG)


def _asks_for_svg(request: Request) -> bool:
    accept = request.headers.get("Accept", "")
    return SVG in accept and PNG not in accept


def _colour(given: str) -> str:
    return "#" + given.removeprefix("#")


def routes() -> list[BaseRoute]:
    """The route below /api/v1."""
    return [
        route(
            Operation(
                method="GET",
                path="/qr",
                summary="Draw a QR code",
                tag="qr codes",
                permission=ANYONE,
                endpoint=QrViews().get,
                query=QrQuery,
                media_types=(PNG, SVG),
            )
        )
    ]
