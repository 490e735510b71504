"""Whole numbers in the digits 0-9a-z: what ids and versions look like inside a KV record."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def encode(number: int) -> str:
    """The shortest text of a number >= 0; `int(text, 36)` reads it back."""
    if number < 0:
        raise ValueError("base36 holds numbers from 0 up")
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
        if not number:
            return text
