"""Reads an SVG that shows a QR code the way a phone does: as an image, by a decoder that knows nothing of what drew it."""

import re
from xml.etree import ElementTree as ET

import zxingcpp

_SVG = "{http://www.w3.org/2000/svg}"
_PIXELS_A_MODULE = 4
_STEP = re.compile(r"([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?")


def read_qr(svg: str) -> str:
    """The text of the one code in a drawing; raises where there is none."""
    field, code = ET.fromstring(svg).iter(f"{_SVG}path")
    side = int(float(field.get("d", "").partition("h")[2].partition("v")[0]))
    rows = [bytearray(b"\xff" * side) for _ in range(side)]
    x = y = 0.0
    for letter, across, down in _STEP.findall(code.get("d", "")):
        if letter == "h":  # a line of dark modules
            rows[int(y)][int(x) : int(x + float(across))] = bytes(int(float(across)))
            x += float(across)
        elif letter == "M":
            x, y = float(across), float(down)
        else:
            x, y = x + float(across), y + float(down)
    wide = (bytes(each for each in row for _ in range(_PIXELS_A_MODULE)) for row in rows)
    pixels = memoryview(b"".join(row * _PIXELS_A_MODULE for row in wide))
    image = pixels.cast("B", shape=[side * _PIXELS_A_MODULE] * 2)
    (found,) = zxingcpp.read_barcodes(image)
    return str(found.text)
