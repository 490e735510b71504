"""docs/settings.md is what the settings classes say, and every field says something."""

import dataclasses
import importlib
from pathlib import Path

import pytest

from docs.settings_page import CLASSES, page

ROOT = Path(__file__).parents[2]


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == page(), "write it again with `make docs`"


@pytest.mark.parametrize(("title", "module", "name"), CLASSES)
def test_every_setting_is_described(title: str, module: str, name: str) -> None:
    for each in dataclasses.fields(getattr(importlib.import_module(module), name)):
        assert each.metadata["text"].endswith("."), f"{title}: {each.name} needs a sentence"


def test_a_setting_of_one_name_has_one_default() -> None:
    defaults: dict[str, object] = {}
    for _, module, name in CLASSES:
        for each in dataclasses.fields(getattr(importlib.import_module(module), name)):
            assert defaults.setdefault(each.name, each.default) == each.default, f"{name}.{each.name}"
