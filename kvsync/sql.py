"""Reads the named statements of a .sql file: `-- name --` starts one."""

import functools
import re
from importlib import resources
from typing import LiteralString, cast

_NAME = re.compile(r"^-- (\w+) --$", re.MULTILINE)


@functools.cache
def statements(file: str) -> dict[str, LiteralString]:
    """Every statement of a file of this package, by its name."""
    text = resources.files("kvsync").joinpath(file).read_text(encoding="utf-8")
    _, *parts = _NAME.split(text)
    # The text ships with the package: it is as literal as code.
    return cast("dict[str, LiteralString]", dict(zip(parts[::2], (body.strip() for body in parts[1::2]), strict=True)))
