"""Codes in the OpenAPI document: what a schema promises is taken, `shared.slug` takes.

A schema can't say how many bytes a text has, so it promises fewer characters where not all are ASCII than may fit.
"""

from typing import Any

from shared.slug import (
    DEFAULT_CODE_LENGTH,
    MAX_CODE_BYTES,
    MAX_CODE_LENGTH,
    MAX_SEGMENTS,
    RESERVED_CODES,
    RESERVED_PREFIXES,
    VIEWS,
)

# `$` would let a line feed stand behind it.
_END = r"(?![\s\S])"
_ENDS = rf"(?:/|{_END})"
# White space, control characters, what shared.slug forbids, and U+1FEF, which is another way to write a grave accent.
_FORBIDDEN = r"""/\\?#%<>"^`{|}\[\]\u0000-\u0020\u007f-\u00a0\u1680\u1fef\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"""
_MOST_BYTES_A_CHARACTER = 4


def _any_case(word: str) -> str:
    """A pattern of the word in upper and lower case, as no flag can be given; the Kelvin sign is a K."""
    return "".join(
        f"[{each.upper()}{each}{chr(0x212A) if each == 'k' else ''}]" if each.isalpha() else _plain(each)
        for each in word
    )


def _plain(text: str) -> str:
    """A pattern of the text; `re.escape` escapes more than patterns of JavaScript allow."""
    return text.replace(".", r"\.").replace("+", r"\+")


def _pattern(segments: int, *, ascii_only: bool) -> str:
    views = "|".join(_plain(each) for each in VIEWS)
    character = rf"(?![{_FORBIDDEN}])[\u0021-\u007e]" if ascii_only else f"[^{_FORBIDDEN}]"
    segment = rf"(?!\.{{1,2}}{_ENDS}|[^/]*(?:{views}){_ENDS})(?:{character})+"
    whole = "|".join(sorted(_any_case(each) for each in RESERVED_CODES))
    begun = "|".join(_any_case(each) for each in RESERVED_PREFIXES)
    reserved = rf"(?!(?:{whole}){_ENDS}|{begun})"
    return rf"^/?{reserved}{segment}(?:/{segment}){{0,{segments - 1}}}/?{_END}"


def _schema(segments: int, shorter_by: int) -> dict[str, Any]:
    wide = MAX_CODE_BYTES // _MOST_BYTES_A_CHARACTER - shorter_by
    return {
        "anyOf": [
            {"pattern": _pattern(segments, ascii_only=True), "maxLength": MAX_CODE_LENGTH - shorter_by},
            {"pattern": _pattern(segments, ascii_only=False), "maxLength": wide},
        ]
    }


_NOTHING = {"maxLength": 0}
KEY = _schema(MAX_SEGMENTS, 0)
KEY_OR_NOTHING = {"anyOf": [*KEY["anyOf"], _NOTHING]}
# A code of the usual length and a slash follow.
_PREFIX = _schema(MAX_SEGMENTS - 1, DEFAULT_CODE_LENGTH + 1)
PREFIX = {"anyOf": [*_PREFIX["anyOf"], _NOTHING, {"pattern": f"^/{_END}"}]}
