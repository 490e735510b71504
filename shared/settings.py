"""Settings: frozen dataclasses filled once from the environment and `.env`, wrong values named at start.

A field says its own text, which docs/settings.md is generated from. The variable is `NEARHOP_` plus the field's name in
capitals; a field with an `alias` also listens to that name, as hosts set it (`DATABASE_URL`), and the prefixed one wins.
"""

import dataclasses
import os
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from shared.errors import BadSetting

PREFIX = "NEARHOP_"
T = TypeVar("T")

_YES = {"1", "true", "yes", "on"}
_NO = {"0", "false", "no", "off"}


def setting(
    text: str, default: Any = dataclasses.MISSING, *, alias: str = "", secret: bool = False, least: float | None = None
) -> Any:
    """A field of a settings class. Without a default it must be set; `secret` keeps it out of `repr` and of the docs."""
    metadata = {"text": text, "alias": alias, "secret": secret, "least": least}
    return dataclasses.field(default=default, repr=not secret, metadata=metadata)


def load(cls: type[T], environ: Mapping[str, str] | None = None, env_file: Path = Path(".env")) -> T:
    """Read every field of `cls`; raises BadSetting that names the variable and what it takes."""
    values = {**read_env_file(env_file), **(os.environ if environ is None else environ)}
    types = typing.get_type_hints(cls)
    found = {}
    for each in dataclasses.fields(cls):  # type: ignore[arg-type]  # T is bound to a dataclass by use
        raw = next((values[name] for name in names(each) if values.get(name)), None)
        if raw is not None:
            found[each.name] = _parse(names(each)[0], types[each.name], raw, each.metadata.get("least"))
        elif each.default is dataclasses.MISSING:
            raise BadSetting(f"{names(each)[0]} is not set: {each.metadata['text']}")
    return cls(**found)


def names(each: "dataclasses.Field[Any]") -> tuple[str, ...]:
    """The variables that fill a field, the winning one first."""
    alias = each.metadata.get("alias")
    return (PREFIX + each.name.upper(), *([alias] if alias else []))


def read_env_file(path: Path) -> dict[str, str]:
    """`NAME=value` lines; `#` starts a comment line, quotes around a value are dropped. A missing file is empty."""
    if not path.is_file():
        return {}
    values = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip().removeprefix("export ")
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals:
            raise BadSetting(f"{path} line {number} is not of the form NAME=value")
        value = value.strip()
        values[name.strip()] = value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value
    return values


def _parse(name: str, kind: Any, raw: str, least: float | None) -> Any:
    try:
        value = _convert(kind, raw)
    except ValueError as error:
        raise BadSetting(f"{name} is {raw!r}, but it takes {_kind_name(kind)}") from error
    if least is not None and value < least:
        raise BadSetting(f"{name} is {raw!r}, but it must be at least {least}")
    return value


def _convert(kind: Any, raw: str) -> Any:
    if kind is bool:
        if raw.lower() not in _YES | _NO:
            raise ValueError
        return raw.lower() in _YES
    if typing.get_origin(kind) is tuple:
        return tuple(part.strip() for part in raw.split(",") if part.strip())
    return kind(raw)


def _kind_name(kind: Any) -> str:
    if typing.get_origin(kind) is tuple:
        return "a list with commas"
    return {bool: "true or false", int: "a whole number", float: "a number", Path: "a path"}.get(kind, "text")
