"""How numbers, times and places are written."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from dashboard import formats

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (7200, "2 h ago"),
        (172800, "2 d ago"),
    ],
)
def test_a_recent_moment_is_told_by_its_distance(seconds: int, text: str) -> None:
    assert formats.ago(NOW - timedelta(seconds=seconds), NOW) == text


def test_an_older_moment_is_told_by_its_date() -> None:
    assert formats.ago(NOW - timedelta(days=7), NOW) == "3 Mar 2026"


def test_a_clock_ahead_of_ours_is_no_negative_time() -> None:
    assert formats.ago(NOW + timedelta(seconds=30), NOW) == "just now"


def test_a_moment_is_written_in_the_readers_zone() -> None:
    assert formats.when(NOW, ZoneInfo("Asia/Kathmandu")) == "10 Mar 2026, 17:45"
    assert formats.when(datetime(2026, 3, 10, 1, tzinfo=timezone(timedelta(hours=2))), UTC) == "9 Mar 2026, 23:00"


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://example.com/", "example.com"),
        ("http://example.com/a/", "example.com/a/"),
        ("https://example.com/?q=a/b", "example.com/?q=a/b"),
        ("mailto:a@b.c", "mailto:a@b.c"),
    ],
)
def test_an_address_is_written_without_what_says_nothing(url: str, text: str) -> None:
    assert formats.without_scheme(url) == text


@pytest.mark.parametrize(("code", "name"), [("DE", "Germany"), ("de", "Germany"), ("XX", "XX"), ("", "Unknown")])
def test_a_country_has_a_name(code: str, name: str) -> None:
    assert formats.country_name(code) == name


@pytest.mark.parametrize(
    ("value", "field", "label"),
    [
        ("direct", "channel", "Direct"),
        ("ai", "channel", "AI"),
        ("", "channel", "Unknown"),
        ("(direct)", "referer", "Direct, or not told"),
        ("news.example", "referer", "news.example"),
    ],
)
def test_a_value_is_written_as_people_read_it(value: str, field: str, label: str) -> None:
    assert formats.row_label(value, field) == label


@pytest.mark.parametrize("code", ["", "XX", "Unknown", "../x"])
def test_what_is_no_country_has_no_flag(code: str) -> None:
    assert formats.flag(code) == ""
    assert formats.flag("fr") == "built/flags/FR.svg"
