"""Times of links: in UTC where they name no zone, whichever zone the machine is in."""

import time
from collections.abc import Iterator
from datetime import datetime

import msgspec
import pytest

from origin.links import redirects
from origin.links.redirects import Redirect
from origin.problems import Unprocessable

NOON_MS = 1_767_268_800_000  # 2026-01-01 12:00 UTC
URL = "https://example.com/"


@pytest.fixture(params=["America/New_York", "Asia/Kolkata", "UTC"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The zone that this machine is in."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("noon", ["2026-01-01T12:00:00", "2026-01-01T12:00:00Z", "2026-01-01T13:00:00+01:00"])
def test_the_edge_gets_the_moment_that_was_meant(noon: str) -> None:
    rule = {"url": URL, "when": {"after": noon}, "unless": {"before": noon}}
    stored = redirects.columns(msgspec.convert({"startsAt": noon, "rules": [rule]}, Redirect))
    assert stored is not None
    options = redirects.options(stored)
    assert options["starts_at"] == NOON_MS
    assert options["rules"][0]["when"] == {"after": NOON_MS}
    assert options["rules"][0]["unless"] == {"before": NOON_MS}


@pytest.mark.parametrize("year", [1, 1969, 9999])
@pytest.mark.parametrize("field", ["startsAt", "rules[0].when.after", "rules[0].unless.before"])
def test_a_year_that_nothing_can_hold_is_refused_by_name(field: str, year: int) -> None:
    at = datetime(year, 1, 1).isoformat()  # noqa: DTZ001  # as it may come
    part = {"startsAt": at} if field == "startsAt" else {}
    place, name = field.split(".")[-2:] if "." in field else ("", "")
    rules = [{"url": URL, place: {name: at}}] if place else []
    with pytest.raises(Unprocessable) as refused:
        redirects.columns(msgspec.convert({**part, "rules": rules}, Redirect))
    assert refused.value.message.startswith(f"redirect.{field}: the year is 1970 to 9998")
