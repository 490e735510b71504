"""A short link's QR code as SVG, drawn at the edge: no origin is needed to show one."""

from functools import lru_cache
from http import HTTPStatus
from io import BytesIO

from redirector.ports import Response, Runtime

PIXELS = 600
_MARGIN = 2  # in modules, as origin's
# Drawings of usual addresses take 2 to 5 KB, those of the longest ones 30 KB.
_MOST_KEPT = 128
_HEADERS = {
    "Content-Type": "image/svg+xml",
    "Cache-Control": "public, max-age=86400",  # the same address has the same code forever
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def marked(short_url: str) -> str:
    """What a code leads to: the short link, marked so that a visit is known to come from a QR code."""
    return f"{short_url}?qr=1"


@lru_cache(_MOST_KEPT)
def draw(url: str) -> str:
    """The SVG of a code that leads to `url`, at least error correction L."""
    import segno  # noqa: PLC0415  # neither the start of an isolate nor a redirect pays for it

    code = segno.make_qr(url, error="l")
    scale = PIXELS / code.symbol_size(scale=1, border=_MARGIN)[0]
    out = BytesIO()
    code.save(out, kind="svg", scale=scale, border=_MARGIN, light="#fff", title=f"QR code: {url}", xmldecl=False)
    return out.getvalue().decode()


def reply(runtime: Runtime, short_url: str) -> Response:
    """The drawing of a link's code."""
    return runtime.reply(HTTPStatus.OK, _HEADERS, draw(marked(short_url)))
