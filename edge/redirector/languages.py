"""Which of some languages a visitor prefers, by Accept-Language (RFC 9110, 12.5.4)."""

from collections.abc import Iterable

_MOST_RANGES = 20


def preferred(header: str, offered: Iterable[str]) -> str | None:
    """The offered language that the header puts first, None where it accepts none of them.

    Each language has the quality of the range that fits it best: itself, then a narrower one (`de-AT` for `de`), then a
    wider one (`pt` for `pt-BR`), then `*`. Of equal qualities the range that the header names first wins.
    """
    ranges = _ranges(header)
    best, best_rank = None, (0.0, 0)
    for language in offered:
        quality, position = _quality(language.lower(), ranges)
        if quality > 0 and (best is None or (quality, -position) > best_rank):
            best, best_rank = language, (quality, -position)
    return best


def _ranges(header: str) -> list[tuple[str, float]]:
    found = []
    for part in header.lower().split(",")[:_MOST_RANGES]:
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name:
            found.append((name, _q(parameters)))
    return found


def _q(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                quality = float(parameter[2:])
            except ValueError:
                return 0.0
            return quality if 0 <= quality <= 1 else 0.0
    return 1.0


def _quality(language: str, ranges: list[tuple[str, float]]) -> tuple[float, int]:
    """The quality and where in the header it stands."""
    fits = (
        lambda name: name == language,
        lambda name: name.startswith(language + "-"),
        lambda name: language.startswith(name + "-"),
        lambda name: name == "*",
    )
    for fit in fits:
        matching = [(quality, -position) for position, (name, quality) in enumerate(ranges) if fit(name)]
        if matching:
            quality, position = max(matching)
            return quality, -position
    return 0.0, 0
