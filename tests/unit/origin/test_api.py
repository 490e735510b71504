"""Reading bodies and queries."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta
from starlette.requests import Request

from origin.api import decode, read_query
from origin.problems import BadRequest, Unprocessable


class Thing(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    name: str = ""
    page_size: int = 1
    tag_ids: list[str] = []
    nested: dict[str, int] = {}
    archived: bool | None = None
    start: datetime | None = None
    search: Annotated[str, Meta(max_length=10)] | None = None
    sort: Literal["new", "old"] | None = None
    sorts: list[Literal["up", "down"]] = []


def request(query: str) -> Request:
    return Request({"type": "http", "query_string": query.encode(), "headers": []})


def test_lists_are_joined_by_commas_and_whole_numbers_may_be_floats() -> None:
    found = read_query(request("tagIds=a%2Cb,c&pageSize=5.0&workspaceId=ws_1"), Thing)
    assert found == Thing(tag_ids=["a", "b", "c"], page_size=5)


def test_whole_numbers_of_bodies_may_be_floats_at_any_depth() -> None:
    assert decode(b'{"pageSize": 5.0, "nested": {"a": 7.0}}', Thing) == Thing(page_size=5, nested={"a": 7})
    with pytest.raises(Unprocessable, match="pageSize"):
        decode(b'{"pageSize": 5.5}', Thing)


@pytest.mark.parametrize("depth", [500, 990, 5_000, 100_000])
def test_a_body_that_is_nested_deeply_is_refused(depth: int) -> None:
    with pytest.raises((BadRequest, Unprocessable)):
        decode(b'{"pageSize": "", "nested": ' + b"[" * depth + b"]" * depth + b"}", Thing)


def test_a_time_is_read_and_a_number_is_none() -> None:
    assert read_query(request("start=2026-01-31T00:00:00Z"), Thing) == Thing(start=datetime(2026, 1, 31, tzinfo=UTC))


@pytest.mark.parametrize("word", ["null", "NULL", "true", "5"])
def test_a_word_is_text_whatever_it_could_mean(word: str) -> None:
    assert read_query(request(f"search={word}"), Thing) == Thing(search=word)


@pytest.mark.parametrize(
    "query", ["pageSize=5.5", "pageSize=many", "unknown=1", "name=a%00b", "archived=null", "start=0.5", "start=2026"]
)
def test_a_query_that_does_not_fit_is_refused(query: str) -> None:
    with pytest.raises(Unprocessable):
        read_query(request(query), Thing)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"name": 1}', "name: Expected `str`, got `int`."),
        (b'{"nested": {"a": "b"}}', "nested[...]: Expected `int`, got `str`."),
        (b'{"sort": "best"}', "sort: Invalid enum value 'best': it is one of new, old."),
        (b'{"start": "tomorrow"}', "start: write the time as 2026-12-31T23:59:00Z."),
        (b'{"unknown": 1}', "Object contains unknown field `unknown`."),
        (b"3", "Expected `object`, got `int`."),
    ],
)
def test_the_message_begins_with_the_field(body: bytes, message: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        decode(body, Thing)
    assert refused.value.message == message


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("unknown=1", "unknown: there is no such parameter."),
        ("sort=best", "sort: Invalid enum value 'best': it is one of new, old."),
        ("sorts=left", "sorts[0]: Invalid enum value 'left': it is one of down, up."),
        ("start=tomorrow", "start: write the time as 2026-12-31T23:59:00Z."),
    ],
)
def test_a_parameter_that_does_not_fit_is_told_what_does(query: str, message: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        read_query(request(query), Thing)
    assert refused.value.message == message


def test_what_is_no_json_is_said_so_even_where_a_field_before_does_not_fit() -> None:
    with pytest.raises(BadRequest):
        decode(b'{"name": 1', Thing)


@pytest.mark.parametrize(
    ("body", "refused"),
    [(b'{"name": "\\u0000"}', True), (b'{"name": "\\\\\\u0000"}', True), (b'{"name": "\\\\u0000"}', False)],
)
def test_the_character_that_postgres_can_not_hold_is_told_from_its_spelling(body: bytes, refused: bool) -> None:
    if refused:
        with pytest.raises(Unprocessable, match="U\\+0000"):
            decode(body, Thing)
    else:
        assert decode(body, Thing).name == "\\u0000"
