"""Cursors of events: the times in them are ClickHouse's, which come without a zone and are in UTC."""

import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from origin.analytics.events import Cursor, cursor_after
from origin.analytics.place import Place

NOON_MS = 1_767_268_800_000  # 2026-01-01 12:00 UTC


@pytest.fixture(params=["America/New_York", "Asia/Kolkata", "UTC"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The zone that this machine is in."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("zone")
def test_a_page_goes_on_at_the_same_moment_whichever_zone_the_machine_is_in() -> None:
    row = {"timestamp": datetime(2026, 1, 1, 12), "click_id": "a", "block_id": "b", "stored_ms": 1}  # noqa: DTZ001  # as it comes
    assert cursor_after([row], None) == Cursor(NOON_MS, "a", "b", 1)
    assert Place.of(row) == Place(1, NOON_MS, "a")


def test_events_that_are_just_alike_are_counted_over_pages() -> None:
    row = {"timestamp": datetime(2026, 1, 1, 12), "click_id": "a", "block_id": "b"}  # noqa: DTZ001  # as it comes
    first = cursor_after([row, row], None)
    assert first.skip == 2
    assert cursor_after([row], first).skip == 3
    assert Cursor.decode(first.encode()) == first
