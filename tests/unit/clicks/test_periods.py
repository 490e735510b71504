import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from origin.analytics import periods, tiers
from origin.analytics.periods import DAY, HOUR, MONTH, NEAR, BadPeriod, Period, Step

BERLIN, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
NOW = datetime(2026, 4, 2, 10, 20, tzinfo=UTC)


def instants(starts: list[datetime]) -> list[datetime]:
    return [start.astimezone(UTC) for start in starts]


def hours_between(starts: list[datetime]) -> list[float]:
    return [(b - a).total_seconds() / 3600 for a, b in zip(instants(starts), instants(starts)[1:], strict=False)]


def test_the_day_without_two_oclock_has_23_hours() -> None:
    starts = periods.of_range("2026-03-28", "2026-03-31", BERLIN, NOW)._replace(step=Step.DAY).bucket_starts()
    assert hours_between(starts) == [24, 23]


def test_the_day_with_two_oclock_twice_has_25_hours() -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    starts = periods.of_range("2026-10-24", "2026-10-27", BERLIN, now)._replace(step=Step.DAY).bucket_starts()
    assert hours_between(starts) == [24, 25]


def test_an_hour_that_comes_twice_is_two_buckets() -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    starts = periods.of_range("2026-10-25T00:00", "2026-10-25T05:00", BERLIN, now).bucket_starts()
    assert [start.hour for start in starts] == [0, 1, 2, 2, 3, 4]
    assert set(hours_between(starts)) == {1.0}


def test_half_hour_zones_start_their_days_at_half_past() -> None:
    starts = periods.of_interval("7d", ZoneInfo("Asia/Kolkata"), NOW).bucket_starts()
    assert {start.astimezone(UTC).strftime("%H:%M") for start in starts} == {"18:30"}
    assert len(starts) == 8


@pytest.mark.parametrize(
    ("interval", "start", "buckets"),
    [
        ("24h", "2026-04-01T12:00:00+02:00", 25),
        ("7d", "2026-03-26T00:00:00+01:00", 8),
        ("30d", "2026-03-03T00:00:00+01:00", 31),
        ("90d", "2026-01-02T00:00:00+01:00", 91),
        ("1y", "2025-04-01T00:00:00+02:00", 13),
        ("mtd", "2026-04-01T00:00:00+02:00", 2),
        ("qtd", "2026-04-01T00:00:00+02:00", 2),
        ("ytd", "2026-01-01T00:00:00+01:00", 4),
    ],
)
def test_intervals_begin_with_a_whole_bucket(interval: str, start: str, buckets: int) -> None:
    period = periods.of_interval(interval, BERLIN, NOW)
    assert period.start.isoformat() == start
    assert len(period.bucket_starts()) == buckets


def test_a_leap_day_has_a_year_before() -> None:
    period = periods.of_interval("1y", BERLIN, datetime(2028, 2, 29, 12, tzinfo=UTC))
    assert period.start.isoformat() == "2027-02-01T00:00:00+01:00"


def test_everything_begins_with_the_first_click() -> None:
    period = periods.of_interval("all", BERLIN, NOW, datetime(2025, 12, 31, 23, 30, tzinfo=UTC))
    assert period.start.isoformat() == "2026-01-01T00:00:00+01:00"
    assert len(periods.of_interval("all", BERLIN, NOW).bucket_starts()) == 1


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "Europe", "x" * 300, "Europe/Berlin\0"])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(BadPeriod, match="timezone"):
        periods.zone_of(name)


@pytest.mark.parametrize(
    ("start", "end", "word"),
    [
        ("soon", "", "start"),
        ("2026-01-01", "later", "end"),
        ("2026-02-01", "2026-01-01", "start"),
        ("2027-01-01", "", "start"),
        ("1969-12-31", "2026-01-01", "start"),
        ("2026-01-01", "9999-01-01", "end"),
        ("0001-01-01T00:00:00+14:00", "", "start"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused_by_name(start: str, end: str, word: str) -> None:
    with pytest.raises(BadPeriod, match=f"^{word}:"):
        periods.of_range(start, end, BERLIN, NOW)


@pytest.mark.parametrize(("days", "step"), [(2, Step.HOUR), (3, Step.DAY), (180, Step.DAY), (181, Step.MONTH)])
def test_longer_ranges_have_longer_buckets(days: int, step: Step) -> None:
    start = NOW - timedelta(days=days)
    assert periods.of_range(start.isoformat(), NOW.isoformat(), ZoneInfo("UTC"), NOW).step is step


def test_whole_units_lie_between_the_edges() -> None:
    start, end = datetime.fromtimestamp(1000, UTC), datetime.fromtimestamp(5000, UTC)
    assert Period(start, end, Step.DAY, open_end=False).cut([900]) == [[(1000, 1800), (4500, 5000)], [(1800, 4500)]]


def test_an_open_end_is_that_of_the_month_so_that_whole_units_lead_up_to_it() -> None:
    period = Period(datetime(2026, 3, 30, 22, 30, tzinfo=UTC), NOW, Step.DAY, open_end=True)
    quarters, hours, days, months = period.cut([HOUR, DAY, MONTH])
    assert quarters == [(second(2026, 3, 30, 22, 30), second(2026, 3, 30, 23))]
    assert hours == [(second(2026, 3, 30, 23), second(2026, 3, 31))]
    assert days == [(second(2026, 3, 31), second(2026, 4, 1))]
    assert months == [(second(2026, 4, 1), second(2026, 5, 1))]


def test_a_range_within_one_unit_is_all_edge() -> None:
    start, end = datetime.fromtimestamp(1000, UTC), datetime.fromtimestamp(1100, UTC)
    assert Period(start, end, Step.DAY, open_end=False).cut([900, HOUR]) == [[(1000, 1100)], [], []]


@given(st.integers(0, 2 * 366 * DAY), st.integers(0, 400 * DAY), st.booleans())
def test_the_pieces_are_of_whole_units_and_cover_the_period_once(first: int, length: int, open_end: bool) -> None:
    period = Period(datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(first + length, UTC), Step.DAY, open_end)
    pieces = period.cut([900, HOUR, DAY, MONTH])
    for unit, piece in zip([900, HOUR, DAY], pieces[1:], strict=False):
        assert all(a % unit == 0 and b % unit == 0 for a, b in piece)
    assert all(
        datetime.fromtimestamp(each, UTC).strftime("%d %X") == "01 00:00:00" for span in pieces[-1] for each in span
    )
    spans = sorted(span for piece in pieces for span in piece)
    start, end = period.seconds()
    assert [a for a, _ in spans] + [end] == [start] + [b for _, b in spans]


@pytest.mark.parametrize("upwards", [True, False])
@pytest.mark.parametrize("at", [None, NOW.timestamp() - 3 * DAY])
def test_pages_look_near_their_place_first_and_at_the_whole_period_last(at: int | None, upwards: bool) -> None:
    period = Period(NOW - timedelta(days=90), NOW, Step.DAY, open_end=False)
    spans = list(period.widening(at, upwards=upwards))
    edge = at or period.seconds()[0 if upwards else 1]
    assert spans[0] == ((period.seconds()[0], edge + NEAR) if upwards else (edge - NEAR, period.seconds()[1]))
    assert spans[-1] == period.seconds()
    assert all(a[0] >= b[0] and a[1] <= b[1] for a, b in itertools.pairwise(spans))


def test_whole_months_are_named_by_their_numbers() -> None:
    assert tiers.months((second(2025, 11, 1), second(2026, 3, 1))) == ["202511", "202512", "202601", "202602"]


def second(*at: int) -> int:
    return int(datetime(*at, tzinfo=UTC).timestamp())  # type: ignore[arg-type, misc]  # whole numbers all


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(available_timezones())),
    st.integers(2 * 365 * 86_400, 67 * 365 * 86_400),
    st.sampled_from(Step),
)
def test_buckets_of_any_zone_follow_each_other_without_gap_or_end(name: str, at: int, step: Step) -> None:
    zone = ZoneInfo(name)
    start = datetime.fromtimestamp(at, UTC)
    period = Period(start.astimezone(zone), (start + timedelta(days=3)).astimezone(zone), step, open_end=False)
    starts = instants(period.bucket_starts())
    assert starts == sorted(set(starts))
    assert starts[0] <= start
    assert len(starts) <= 76


def test_a_period_whose_predecessor_lies_before_all_clicks_is_told_so() -> None:
    with pytest.raises(BadPeriod, match=r"start: the period before, to compare with, would begin before 1971\."):
        periods.of_range("1990-01-01", "", UTC_ZONE, NOW).previous()
    assert periods.of_range("2000-01-01", "", UTC_ZONE, NOW).previous().start.year == 1973
