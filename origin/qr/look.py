"""How a QR code is drawn, and whether a scanner can read that."""

from dataclasses import dataclass
from typing import Literal

from origin.problems import Unprocessable

# Scanners find the modules by their difference in brightness. 3 is what WCAG 2.1 asks of graphics (1.4.11).
LEAST_CONTRAST = 3.0

Frame = Literal["none", "border", "label"]


@dataclass(frozen=True, slots=True)
class Look:
    """The width in pixels, the margin in modules, colours as #rrggbb, a logo as PNG, what stands around the code."""

    size: int
    level: str
    foreground: str
    background: str
    margin: int
    logo: bytes | None = None
    frame: Frame = "none"
    text: str = ""


def check_contrast(foreground: str, background: str) -> None:
    """Raise Unprocessable where scanners would not tell the modules from the ground, or expect them the other way round."""
    dark, light = luminance(foreground), luminance(background)
    if dark >= light:
        raise Unprocessable("fgColor: it has to be darker than bgColor, or many scanners see no code.")
    contrast = (light + 0.05) / (dark + 0.05)
    if contrast < LEAST_CONTRAST:
        raise Unprocessable(
            f"fgColor: its contrast with bgColor is {contrast:.1f}, and scanners need {LEAST_CONTRAST:g}. "
            "Make it darker, or bgColor lighter."
        )


def luminance(colour: str) -> float:
    """The relative luminance of #rgb or #rrggbb, from 0 to 1 (WCAG 2.1)."""
    digits = colour.removeprefix("#")
    pairs = [digit * 2 for digit in digits] if len(digits) == len("rgb") else [digits[n : n + 2] for n in (0, 2, 4)]
    red, green, blue = (_linear(int(pair, 16) / 255) for pair in pairs)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004  # sRGB's own
