"""The words below a code: what can be written, and how large."""

from PIL import ImageFont

from origin.problems import Unprocessable

MOST_CHARACTERS = 30
# The strip's height and the image's width that letters take at most.
_TALL, _WIDE = 0.6, 0.88


def font(pixels: float) -> ImageFont.FreeTypeFont:
    """Pillow's own font, which needs no file of the machine's."""
    found = ImageFont.load_default(max(4, pixels))
    assert isinstance(found, ImageFont.FreeTypeFont)
    return found


def check(text: str) -> str:
    """The text to write; raises Unprocessable where the font lacks one of its characters."""
    letters = font(24)
    unknown = bytes(letters.getmask("\uffff"))
    for each in text:
        if not each.isprintable() or (each != " " and bytes(letters.getmask(each)) == unknown):
            raise Unprocessable(f"frameText: {each!r} can't be drawn. Use Latin letters, digits and punctuation.")
    return text


def fitting(text: str, width: float, height: float) -> ImageFont.FreeTypeFont:
    """The font in the size in which the text fits into a strip of this width and height, in pixels."""
    tall = height * _TALL
    measured = font(tall).getlength(text)
    return font(tall * min(1, width * _WIDE / measured) if measured else tall)
