"""QR codes as PNG and SVG."""

import segno

from origin.problems import Unprocessable
from origin.qr import png, svg
from origin.qr.layout import Layout
from origin.qr.look import Look

# The side of the image without a margin, in modules, is 177 at most; no more pixels than this are drawn.
MAX_SIZE = 2000
MAX_URL_BYTES = 2000


def render(text: str, look: Look, kind: str) -> bytes:
    """The image, `kind` being "png" or "svg"; raises Unprocessable where the text does not fit.

    Modules are whole pixels, so that scanners see sharp edges: a PNG may be smaller than the size asked for by the rest.
    A logo covers some of the code, so the code is then made of the highest level, which mends 30 % of itself.
    """
    if len(text.encode()) > MAX_URL_BYTES:
        raise Unprocessable(f"url: a QR code holds {MAX_URL_BYTES} bytes at most.")
    level = "h" if look.logo else look.level
    try:
        code = segno.make(text, error=level, micro=False, boost_error=False)
    except segno.DataOverflowError as error:
        hint = "Leave the logo out." if look.logo else "Use level L."
        raise Unprocessable(f"url: it is too long for a QR code of level {level.upper()}. {hint}") from error
    layout = Layout.of(int(code.symbol_size(border=0)[0]), look)
    return png.draw(code, look, layout) if kind == "png" else svg.draw(code, look, layout)
