"""QR codes as PNG and SVG."""

import io
from dataclasses import dataclass

import segno

from origin.problems import Unprocessable

# The side of the image without a margin, in modules, is 177 at most; no more pixels than this are drawn.
MAX_SIZE = 2000
MAX_URL_BYTES = 2000


@dataclass(frozen=True, slots=True)
class Look:
    """How a code is drawn: the side in pixels, the margin in modules, the colours as #rrggbb."""

    size: int
    level: str
    foreground: str
    background: str
    margin: int


def render(text: str, look: Look, kind: str) -> bytes:
    """The image, `kind` being "png" or "svg"; raises Unprocessable where the text does not fit.

    Modules are whole pixels, so that scanners see sharp edges: a PNG may be smaller than the size asked for by the rest.
    """
    if len(text.encode()) > MAX_URL_BYTES:
        raise Unprocessable(f"url: a QR code holds {MAX_URL_BYTES} bytes at most.")
    try:
        code = segno.make(text, error=look.level, micro=False, boost_error=False)
    except segno.DataOverflowError as error:
        raise Unprocessable("url: it is too long for a QR code of this level. Use level L.") from error
    modules = code.symbol_size(scale=1, border=look.margin)[0]
    exact = look.size / modules
    out = io.BytesIO()
    scale = exact if kind == "svg" else max(1, int(exact))
    code.save(out, kind=kind, scale=scale, border=look.margin, dark=look.foreground, light=look.background)
    return out.getvalue()
