"""UTM parameters in a URL's query."""

import pytest

from origin.links import utm

AWKWARD = "https://example.com/a?x=%7E&&flag&x=2&utm_term=old%20one#f?utm_source=no"


def test_without_values_the_url_is_not_touched() -> None:
    assert utm.write(AWKWARD, {}) == AWKWARD


def test_reading_sees_the_query_and_not_the_fragment() -> None:
    found = utm.read(AWKWARD)
    assert found.pop("utm_term") == "old one"
    assert set(found.values()) == {None}


@pytest.mark.parametrize(
    ("url", "values", "written"),
    [
        ("https://a.example", {"utm_source": "s"}, "https://a.example?utm_source=s"),
        ("https://a.example/?b=%7E#c", {"utm_source": "ä&="}, "https://a.example/?b=%7E&utm_source=%C3%A4%26%3D#c"),
        ("https://a.example/?utm_source=old&b", {"utm_source": "new"}, "https://a.example/?b&utm_source=new"),
        ("https://a.example/?utm_source=old", {"utm_source": None}, "https://a.example/"),
        ("https://a.example/?utm_source=old#f", {"utm_source": ""}, "https://a.example/#f"),
    ],
)
def test_writing_replaces_adds_and_removes(url: str, values: dict[str, str | None], written: str) -> None:
    assert utm.write(url, values) == written


def test_what_was_written_is_read() -> None:
    values: dict[str, str | None] = dict.fromkeys(utm.FIELDS, "a b+c&d=é")
    assert utm.read(utm.write("https://a.example/?x#y", values)) == values


def test_a_value_that_postgres_can_not_hold_is_left_out() -> None:
    assert utm.read("https://a.example/?utm_source=%00")["utm_source"] is None
