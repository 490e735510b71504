"""Whatever tables answer for the pieces of a period, leads and sales are those of the rows that stand."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from origin.analytics.conversion_reader import ConversionReader
from origin.analytics.counts import Counts
from origin.analytics.dimensions import GROUPINGS, Filter
from origin.analytics.numbers import Event, Numbers
from origin.analytics.periods import Period, Step
from origin.analytics.scope import Scope
from origin.conversions.settings import Attribution
from tests.integration.clicks.support import Stack

WORKSPACE = 51
FIRST = datetime(2026, 1, 25, tzinfo=UTC)
SECONDS = 70 * 86_400
ATTRIBUTION = Attribution(model="last", window_days=90, currency="usd", exchange_rates={})


class Made(NamedTuple):
    """A row of the test, its fields named as the columns."""

    timestamp: datetime
    workspace_id: int
    model: str
    event: str
    event_id: str
    revision: int
    sign: int
    link_id: int
    quantity: int
    amount: int
    currency: str
    country: str
    region: str
    city: str
    url: str


def made_rows() -> tuple[list[Made], list[Made]]:
    """All rows, and those that stand: every fourth is taken back and written anew with another click."""
    rng = random.Random(21)
    rows: list[Made] = []
    standing: list[Made] = []
    for number in range(2_000):
        event = rng.choice(["lead", "sale"])
        row = Made(
            FIRST + timedelta(seconds=rng.randrange(SECONDS)), rng.choice([WORKSPACE, WORKSPACE, 52]),
            rng.choice(["last", "last", "first"]), event, f"evt_{number}", 2, 1, rng.randint(1, 4), rng.randint(1, 3),
            rng.randint(1, 900) if event == "sale" else 0, rng.choice(["usd", "eur"]) if event == "sale" else "",
            rng.choice(["DE", "US", ""]), rng.choice(["North", ""]), rng.choice(["Springfield", "Paris", ""]),
            f"https://example.com/{rng.randint(1, 5)}?a={rng.randint(1, 2)}",
        )  # fmt: skip
        rows.append(row)
        if number % 4 == 0:
            rows.append(row._replace(sign=-1))
            row = row._replace(revision=3, link_id=rng.randint(3, 6), country=rng.choice(["FR", ""]))
            rows.append(row)
        standing.append(row)
    return rows, standing


ROWS, STANDING = made_rows()


def periods() -> list[Period]:
    """From seconds to months, in several zones; one with an open end."""
    rng = random.Random(22)
    found = []
    for length in (900, 40_000, 200_000, 2_000_000, 5_000_000):
        for zone in (ZoneInfo("UTC"), ZoneInfo("Asia/Kolkata")):
            start = (FIRST + timedelta(seconds=rng.randrange(SECONDS - 2_000_000))).astimezone(zone)
            found.append(Period(start, start + timedelta(seconds=length), Step.DAY, open_end=False))
    whole = datetime(2026, 1, 26, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    return [*found, Period(*whole, Step.DAY, open_end=False), Period(*whole, Step.MONTH, open_end=True)]


@pytest.fixture
async def loaded(stack: Stack) -> Stack:
    """The rows in ClickHouse, in many parts, times in unix milliseconds."""
    found = await stack.clickhouse.query(
        f"SELECT count() AS n FROM conversion_credits WHERE workspace_id = {WORKSPACE}"
    )
    if not found[0]["n"]:
        for number in range(5):
            part = ROWS[number::5]
            times = [round(row.timestamp.timestamp() * 1000) for row in part]
            columns = [times, *list(zip(*part, strict=True))[1:]]
            await stack.clickhouse.insert("conversion_credits", Made._fields, columns, f"tiers-{number}")
    return stack


def counts(stack: Stack, event: Event, scope: Scope) -> Counts:
    return Counts(event, scope, scope, ATTRIBUTION, stack.reader, ConversionReader(stack.clickhouse))


def expected(
    event: Event, period: Period, key: Callable[[Made], str], which: Callable[[Made], bool] = lambda _: True
) -> dict[str, Numbers]:
    """A recount in Python."""
    wanted = {"leads": ("lead",), "sales": ("sale",), "composite": ("lead", "sale")}[event]
    first, end = period.seconds()
    leads, sales, paid = Counter[str](), Counter[str](), dict[str, Counter[str]]()
    for row in STANDING:
        mine = row.workspace_id == WORKSPACE and row.model == "last" and row.event in wanted and which(row)
        within = first <= row.timestamp.timestamp() < end
        if not mine or not within or not key(row):
            continue
        if row.event == "lead":
            leads[key(row)] += row.quantity
        else:
            sales[key(row)] += 1
            paid.setdefault(key(row), Counter())[row.currency] += row.amount
    return {name: Numbers(0, leads[name], sales[name], dict(paid.get(name, {}))) for name in {*leads, *sales}}


def sum_of(found: dict[str, Numbers]) -> Numbers:
    """Of all values."""
    total = Numbers()
    for numbers in found.values():
        total = total.plus(numbers)
    return total


KEYS: dict[str, Callable[[Made], str]] = {
    "countries": lambda row: row.country,
    "cities": lambda row: f"{row.country}\t{row.region}\t{row.city}",
    "top_urls": lambda row: row.url,
    "top_base_urls": lambda row: row.url.partition("?")[0],
}


EVENTS: tuple[Event, ...] = ("leads", "sales", "composite")


@pytest.mark.parametrize("period", periods(), ids=str)
async def test_a_whole_workspaces_numbers_are_those_of_a_recount(loaded: Stack, period: Period) -> None:
    for event in EVENTS:
        of = counts(loaded, event, Scope(WORKSPACE))
        for name, key in KEYS.items():
            recount = expected(event, period, key)
            ranked, every = await of.values(period, GROUPINGS[name], summed=True)
            assert dict(ranked) == recount, name
            assert every == sum_of(recount), name
        by_link = {str(number): numbers for number, numbers in await of.links(period, 100)}
        assert by_link == expected(event, period, lambda row: str(row.link_id))
        assert await of.total(period) == sum_of(expected(event, period, lambda _: "all"))


@pytest.mark.parametrize("period", periods(), ids=str)
async def test_buckets_and_hours_are_those_of_a_recount(loaded: Stack, period: Period) -> None:
    zone = period.start.tzinfo
    of = counts(loaded, "composite", Scope(WORKSPACE))
    starts = period.bucket_starts()
    recount = expected(
        "composite", period, lambda row: max(each for each in starts if each <= row.timestamp).isoformat()
    )
    buckets = {start.isoformat(): numbers for start, numbers in await of.timeseries(period) if numbers.any()}
    assert buckets == recount
    hours = {f"{day} {hour}": numbers for (day, hour), numbers in (await of.hours_of_week(period)).items()}
    assert hours == expected("composite", period, lambda row: f"{row.timestamp.astimezone(zone):%u %-H}")


@pytest.mark.parametrize("period", periods(), ids=str)
async def test_links_and_filters_are_counted_from_the_rows(loaded: Stack, period: Period) -> None:
    chosen = Scope(WORKSPACE, (3, 4), (Filter("country", ("FR", "DE"), exclude=False),))
    of = counts(loaded, "composite", chosen)
    ranked, _ = await of.values(period, GROUPINGS["countries"])
    which = expected(
        "composite", period, lambda row: row.country, lambda row: row.link_id in {3, 4} and row.country != "US"
    )
    assert dict(ranked) == which
