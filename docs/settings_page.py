"""`python -m docs.settings_page`: docs/settings.md, from the settings classes themselves."""

import dataclasses
import importlib
import typing
from pathlib import Path
from typing import Any

from shared.settings import names

# Named, not imported at the top: a service's settings are read here as data.
CLASSES = (
    ("Local start", "deploy.local.settings", "LocalSettings"),
    ("Origin", "origin.settings", "OriginSettings"),
    ("Origin: clicks", "origin.clicks.settings", "ClickSettings"),
    ("kvsync", "kvsync.settings", "Settings"),
    ("Dashboard", "dashboard.settings", "DashboardSettings"),
    ("Landing", "landing.settings", "LandingSettings"),
)
INTRODUCTION = """# Settings

Written by `make docs` from the settings classes; change it there.

Every setting is an environment variable, or a line `NAME=value` of a file `.env` in the folder that the process starts in;
the environment wins. Values are checked when a process starts, and what is wrong is named. An empty value counts as unset.
The edge's own are the `[vars]` of `wrangler.toml`; docs/edge.md has them.
"""


def page() -> str:
    """The whole page, Markdown."""
    return "\n".join([INTRODUCTION, *(section(title, module, name) for title, module, name in CLASSES)])


def section(title: str, module: str, name: str) -> str:
    """One service's table."""
    cls = getattr(importlib.import_module(module), name)
    types = typing.get_type_hints(cls)
    rows = [row(each, types[each.name]) for each in dataclasses.fields(cls)]
    return "\n".join([f"## {title}", "", "| variable | default | what it does |", "| --- | --- | --- |", *rows, ""])


def row(each: "dataclasses.Field[Any]", kind: Any) -> str:
    variable, *alias = (f"`{name}`" for name in names(each))
    also = f" (or {alias[0]})" if alias else ""
    return f"| {variable}{also} | {_default(each, kind)} | {each.metadata['text']} |"


def _default(each: "dataclasses.Field[Any]", kind: Any) -> str:
    if each.default is dataclasses.MISSING:
        return "must be set"
    if each.default in ("", ()):
        return "empty"
    if kind is bool:
        return f"`{str(each.default).lower()}`"
    if isinstance(each.default, tuple):
        return f"`{','.join(each.default)}`"
    if isinstance(each.default, Path):
        return f"`{each.default.as_posix()}`"
    return f"`{each.default}`"


if __name__ == "__main__":
    print(page(), end="")
