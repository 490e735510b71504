"""Where the parts of a QR code's image are, in modules of the code."""

from dataclasses import dataclass

from origin.qr.look import Look

# Shares of the code's side. A fifth of the side is a twenty-fifth of the code: far from what level H mends.
_LOGO = 0.2
# The picture's share of its field, so that some ground is left around it.
_PICTURE = 0.86
_BORDER = 0.05
_LABEL = 0.22


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything is measured in modules, from the upper left corner of the image."""

    side: int  # of the code without its margin
    margin: int
    border: int  # of the frame, 0 for none
    label: int  # height of the strip below, 0 for none
    logo: int  # side of the field in the middle of the code that is kept clear, 0 for none

    @classmethod
    def of(cls, side: int, look: Look) -> "Layout":
        """The layout of a code with this many modules a side."""
        framed = look.frame != "none"
        logo = round(side * _LOGO) | 1 if look.logo else 0  # odd, as the side is: the field is in the very middle
        return cls(
            side,
            look.margin,
            border=max(1, round(side * _BORDER)) if framed else 0,
            label=max(4, round(side * _LABEL)) if look.frame == "label" else 0,
            logo=logo,
        )

    @property
    def corner(self) -> int:
        """Where the code begins, across and down."""
        return self.border + self.margin

    @property
    def width(self) -> int:
        """Of the whole image."""
        return self.side + 2 * self.corner

    @property
    def height(self) -> int:
        """Of the whole image."""
        return self.width + self.label

    @property
    def logo_corner(self) -> int:
        """Where the logo's field begins, across and down."""
        return self.corner + (self.side - self.logo) // 2

    @property
    def picture(self) -> float:
        """Side of the logo's picture within its field."""
        return self.logo * _PICTURE

    @property
    def picture_corner(self) -> float:
        """Where the picture begins, across and down."""
        return self.logo_corner + (self.logo - self.picture) / 2
