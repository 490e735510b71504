"""The utm_* fields of a link are a view of its URL's query: setting one edits the query, and nothing else of the URL."""

from collections.abc import Mapping
from urllib.parse import quote, unquote_plus

FIELDS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


def read(url: str) -> dict[str, str | None]:
    """The value of each utm field in the URL's query; None where it has none."""
    found: dict[str, str | None] = dict.fromkeys(FIELDS)
    for pair in _split(url)[1].split("&"):
        name, _, value = pair.partition("=")
        text = unquote_plus(value)
        if name in found and text and "\0" not in text:
            found[name] = text
    return found


def write(url: str, values: Mapping[str, str | None]) -> str:
    """The URL with these parameters set; None or "" removes one. Without values the URL comes back as it was."""
    if not values:
        return url
    base, query, fragment = _split(url)
    pairs = [pair for pair in query.split("&") if pair and pair.partition("=")[0] not in values]
    pairs += [f"{name}={quote(value, safe='')}" for name, value in values.items() if value]
    return base + ("?" + "&".join(pairs) if pairs else "") + fragment


def _split(url: str) -> tuple[str, str, str]:
    before, hash_sign, fragment = url.partition("#")
    base, _, query = before.partition("?")
    return base, query, hash_sign + fragment
