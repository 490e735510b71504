"""A QR code drawn in pixels."""

import io

from PIL import Image, ImageDraw
from segno import QRCode

from origin.qr import label
from origin.qr.layout import Layout
from origin.qr.look import Look


def draw(code: QRCode, look: Look, layout: Layout) -> bytes:
    """The PNG."""
    scale = max(1, int(look.size / layout.width))
    out = io.BytesIO()
    code.save(out, kind="png", scale=scale, border=look.margin, dark=look.foreground, light=look.background)
    if not look.logo and look.frame == "none":
        return out.getvalue()
    image = Image.new("RGB", (layout.width * scale, layout.height * scale), look.background)
    if look.frame != "none":
        _frame(image, look, layout, scale)
    with Image.open(out) as modules:
        image.paste(modules.convert("RGB"), (layout.border * scale, layout.border * scale))
    if look.logo:
        _logo(image, look.logo, look.background, layout, scale)
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()


def _frame(image: Image.Image, look: Look, layout: Layout, scale: int) -> None:
    pen = ImageDraw.Draw(image)
    border = layout.border * scale
    everything = (0, 0, image.width - 1, image.height - 1)
    pen.rounded_rectangle(everything, radius=2 * border, fill=look.foreground)
    inside = (border, border, image.width - 1 - border, layout.width * scale - 1 - border)
    pen.rounded_rectangle(inside, radius=border, fill=look.background)
    if layout.label:
        strip = layout.label * scale
        font = label.fitting(look.text, image.width, strip)
        middle = (image.width / 2, image.height - (strip + border) / 2)
        pen.text(middle, look.text, fill=look.background, font=font, anchor="mm")


def _logo(image: Image.Image, logo: bytes, background: str, layout: Layout, scale: int) -> None:
    corner, field = layout.logo_corner * scale, layout.logo * scale
    ImageDraw.Draw(image).rectangle((corner, corner, corner + field - 1, corner + field - 1), fill=background)
    with Image.open(io.BytesIO(logo)) as picture:
        side = max(1, int(layout.picture * scale))
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        at = (corner + (field - picture.width) // 2, corner + (field - picture.height) // 2)
        image.paste(picture, at, picture)
