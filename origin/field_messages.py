"""What is wrong with a field, in words that say what it takes."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

TIME_EXAMPLE = "2026-12-31T23:59:00Z"
_STEP = re.compile(r"[^.\[\]]+|\[[^\]]*\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)


def field_message(error: msgspec.ValidationError, kind: Any = None) -> str:
    """The text of msgspec, with the field named first where there is one; `kind` is the type that was to be read."""
    text, _, place = str(error).partition(" - at ")
    name = place.removeprefix("`key` in ").strip("`").removeprefix("$").lstrip(".")
    if text.startswith("Invalid RFC3339 encoded datetime"):
        text = f"write the time as {TIME_EXAMPLE}"
    elif text.startswith("Invalid enum value") and (words := _choices(kind, name)):
        text = f"{text}: it is one of {', '.join(words)}"
    return f"{name}: {text}." if name else f"{text}."


def parameter_message(error: msgspec.ValidationError, kind: Any) -> str:
    """The same of a query's parameter."""
    unknown = _UNKNOWN.fullmatch(str(error))
    return f"{unknown[1]}: there is no such parameter." if unknown else field_message(error, kind)


def _choices(kind: Any, name: str) -> list[str]:
    """The words that the field at a path such as `redirect.rules[...].kind` takes; none where that can't be told."""
    if kind is None or not name:
        return []
    found = [inspect.type_info(kind)]
    for step in _STEP.findall(name):
        found = [below for each in found for plain in _plain(each) for below in _below(plain, step)]
    words = [word for each in found for plain in _plain(each) for word in _words(plain)]
    return [str(word) for word in words]


def _plain(kind: inspect.Type) -> Iterator[inspect.Type]:
    """A type without what it is wrapped in: those of a union one by one."""
    if isinstance(kind, inspect.Metadata):
        yield from _plain(kind.type)
    elif isinstance(kind, inspect.UnionType):
        for each in kind.types:
            yield from _plain(each)
    else:
        yield kind


def _below(kind: inspect.Type, step: str) -> list[inspect.Type]:
    if step.startswith("["):
        inner = getattr(kind, "item_type", None) or getattr(kind, "value_type", None)
        return [inner] if inner else []
    fields = getattr(kind, "fields", ())
    return [each.type for each in fields if each.encode_name == step]


def _words(kind: inspect.Type) -> list[Any]:
    if isinstance(kind, inspect.LiteralType):
        return list(kind.values)
    return [each.value for each in kind.cls] if isinstance(kind, inspect.EnumType) else []
