"""The URL that is sent, from the link's own and what the visitor's request adds to it. Nothing else of it is touched."""

from dataclasses import dataclass, field
from urllib.parse import quote, unquote, unquote_plus

CLICK_ID = "nh_id"


@dataclass(frozen=True, slots=True)
class Additions:
    """What a link adds to its destinations; all empty for most."""

    query: str = ""  # "append", "override", or nothing
    params: dict[str, str] = field(default_factory=dict)
    track: bool = False


def build(url: str, additions: Additions, rest: str, asked_query: str, click_id: str) -> str:
    """The destination with the rest of the path, the query's additions and its own fragment; `rest` is as it was sent."""
    base, hash_mark, fragment = url.partition("#")
    base, question_mark, query = base.partition("?")
    if rest:
        base = base.rstrip("/") + "/" + rest
    parts = query.split("&") if query else []
    added = _forwarded(parts, additions.query, asked_query)
    if added is not None:
        parts = added
    parts += [f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in additions.params.items() if n not in _names(parts)]
    if click_id:
        parts = [each for each in parts if _name(each) != CLICK_ID] + [f"{CLICK_ID}={click_id}"]
    text = "&".join(parts)
    return base + (question_mark if not text else "?" + text) + hash_mark + fragment


def safe_rest(rest: str) -> bool:
    """Whether the rest of a path stays below where it is put: no `..` in any spelling, no end of the path."""
    segments = unquote(rest).replace("\\", "/").split("/")
    return not any(segment in (".", "..") for segment in segments) and not any(ord(each) < ord(" ") for each in rest)


def _forwarded(own: list[str], mode: str, asked: str) -> list[str] | None:
    theirs = [each for each in asked.split("&") if each] if mode else []
    if not theirs:
        return None
    if mode == "override":
        names = _names(theirs)
        return [each for each in own if _name(each) not in names] + theirs
    names = _names(own)
    return own + [each for each in theirs if _name(each) not in names]


def _names(parts: list[str]) -> set[str]:
    return {_name(each) for each in parts}


def _name(part: str) -> str:
    return unquote_plus(part.partition("=")[0])
