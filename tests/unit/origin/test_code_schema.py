"""What the OpenAPI document promises of codes is what shared.slug takes."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from origin.links import code_schema
from origin.links.draft import normalize_key, normalize_prefix
from origin.problems import Unprocessable
from shared.slug import DEFAULT_CODE_LENGTH

PARTS = [
    "a",
    "B",
    "é",
    "🚀",
    "/",
    "//",
    ".",
    "..",
    "+",
    ".qr",
    ".qr.png",
    "robots.txt",
    "Robots.TXT",
    "healthz",
    "_Nearhop",
]
PARTS += [".WELL-\u212anown", "\u1fef", " ", "\n", "\x85", "\u200b", "%", "\\", "x" * 60, "é" * 40]


def promised(schema: dict[str, Any], text: str) -> bool:
    return any(
        len(text) <= each["maxLength"] and re.search(each.get("pattern", ""), text) is not None
        for each in schema["anyOf"]
        if "maxLength" in each
    )


def taken(normalize: Callable[[str], str], text: str) -> bool:
    try:
        normalize(text)
    except Unprocessable:
        return False
    return True


def test_each_character_may_stand_in_a_code_by_both_or_by_neither() -> None:
    differing = [
        hex(number)
        for number in range(0x110000)
        if not 0xD800 <= number < 0xE000  # no text in JSON has halves of surrogate pairs
        and promised(code_schema.KEY, f"a{chr(number)}a") != taken(normalize_key, f"a{chr(number)}a")
    ]
    assert differing == []


@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=9).map("".join))
def test_what_is_promised_is_taken_and_what_is_short_and_taken_is_promised(text: str) -> None:
    fits = taken(normalize_key, text)
    assert fits or not promised(code_schema.KEY, text)
    assert promised(code_schema.KEY, text) or not fits or len(text) > 80
    begins = taken(lambda each: normalize_prefix(each, DEFAULT_CODE_LENGTH), text)
    assert begins or not promised(code_schema.PREFIX, text)


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(st.data(), st.sampled_from(code_schema.KEY["anyOf"]))
def test_whatever_a_tool_makes_of_a_pattern_is_taken(data: st.DataObject, schema: dict[str, Any]) -> None:
    text = data.draw(st.from_regex(schema["pattern"]).filter(lambda each: len(each) <= schema["maxLength"]))
    assert taken(normalize_key, text)


@pytest.mark.parametrize("text", ["", "/"])
def test_a_prefix_may_be_nothing(text: str) -> None:
    assert normalize_prefix(text, DEFAULT_CODE_LENGTH) == ""
    assert any(re.search(each.get("pattern", ""), text) for each in code_schema.PREFIX["anyOf"])
