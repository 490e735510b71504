"""Schemas of msgspec types."""

from datetime import datetime
from types import new_class

import msgspec
import pytest

from origin.json_schema import schemas_of

TIME = {"type": "string", "format": "date-time"}


class Inner(msgspec.Struct):
    at: datetime


class Outer(msgspec.Struct):
    inner: list[Inner]
    ended: datetime | None = None
    name: str | None = None


def test_times_are_marked_wherever_they_are_and_other_texts_are_not() -> None:
    schemas, components = schemas_of([list[Outer]])
    assert schemas == [{"type": "array", "items": {"$ref": "#/components/schemas/Outer"}}]
    assert components["Inner"]["properties"]["at"] == TIME
    fields = components["Outer"]["properties"]
    assert fields["ended"]["anyOf"] == [TIME, {"type": "null"}]
    assert fields["name"]["anyOf"] == [{"type": "string"}, {"type": "null"}]


def test_two_types_of_one_name_are_refused() -> None:
    other = new_class("Inner", (msgspec.Struct,), {}, lambda body: body.update(__annotations__={"x": int}))
    with pytest.raises(ValueError, match="two types called Inner"):
        schemas_of([Inner, other])
