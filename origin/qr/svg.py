"""A QR code drawn in shapes."""

import base64
import io
from xml.sax.saxutils import escape

from segno import QRCode

from origin.qr import label
from origin.qr.layout import Layout
from origin.qr.look import Look


def draw(code: QRCode, look: Look, layout: Layout) -> bytes:
    """The SVG, of one unit a module."""
    if not look.logo and look.frame == "none":
        out = io.BytesIO()
        scale = look.size / layout.width
        code.save(out, kind="svg", scale=scale, border=look.margin, dark=look.foreground, light=look.background)
        return out.getvalue()
    width, height = layout.width, layout.height
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{look.size}" height="{look.size * height / width:g}">'
        ),
        *(_frame(look, layout) if look.frame != "none" else [_box(0, width, height, look.background)]),
        f'<g transform="translate({layout.corner} {layout.corner})">{_modules(code, look, layout.side)}</g>',
        *(_logo(look.logo, look.background, layout) if look.logo else []),
        "</svg>\n",
    ]
    return "".join(parts).encode()


def _box(at: float, width: float, height: float, fill: str, radius: float = 0) -> str:
    rounded = f' rx="{radius:g}"' if radius else ""
    return f'<rect x="{at:g}" y="{at:g}" width="{width:g}" height="{height:g}" fill="{fill}"{rounded}/>'


def _modules(code: QRCode, look: Look, side: int) -> str:
    out = io.BytesIO()
    code.save(out, kind="svg", border=0, dark=look.foreground, light=None, xmldecl=False, svgns=False, nl=False)
    return (
        out.getvalue().decode().replace("<svg ", f'<svg viewBox="0 0 {side} {side}" shape-rendering="crispEdges" ', 1)
    )


def _frame(look: Look, layout: Layout) -> list[str]:
    border = layout.border
    inside = layout.width - 2 * border
    parts = [
        _box(0, layout.width, layout.height, look.foreground, 2 * border),
        _box(border, inside, inside, look.background, border),
    ]
    if layout.label:
        # Measured with a font that the viewer may not have, so the width is given and the letters are fitted to it.
        font = label.fitting(look.text, layout.width * 100, layout.label * 100)
        middle = layout.height - (layout.label + border) / 2
        parts.append(
            f'<text x="{layout.width / 2:g}" y="{middle:g}" fill="{look.background}" font-size="{font.size / 100:g}" '
            f'font-family="system-ui, sans-serif" font-weight="600" text-anchor="middle" dominant-baseline="central" '
            f'textLength="{font.getlength(look.text) / 100:g}" lengthAdjust="spacingAndGlyphs">{escape(look.text)}</text>'
        )
    return parts


def _logo(logo: bytes, background: str, layout: Layout) -> list[str]:
    inside, at = layout.picture, layout.picture_corner
    data = base64.b64encode(logo).decode()
    return [
        _box(layout.logo_corner, layout.logo, layout.logo, background),
        f'<image x="{at:g}" y="{at:g}" width="{inside:g}" height="{inside:g}" href="data:image/png;base64,{data}"/>',
    ]
