"""Whatever tables answer for the pieces of a period, the counts are those of the clicks."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from origin.analytics.dimensions import GROUPINGS, Filter
from origin.analytics.periods import Period, Step
from origin.analytics.scope import Scope
from origin.storage.clickhouse import ClickHouseUnavailable
from tests.integration.clicks.support import Stack

WORKSPACE = 41
FIRST = datetime(2026, 1, 25, tzinfo=UTC)
HOURS = 24 * 70


class Made(NamedTuple):
    """A click of the test, its fields named as the columns."""

    timestamp: datetime
    workspace_id: int
    link_id: int
    verdict: str
    country: str
    region: str
    city: str
    browser: str
    channel: str
    url: str


def made_clicks() -> list[Made]:
    rng = random.Random(11)
    return [
        Made(
            FIRST + timedelta(seconds=rng.randrange(HOURS * 3600)), rng.choice([WORKSPACE, WORKSPACE, 42]), rng.randint(1, 4),
            rng.choice(["click", "click", "bot"]), rng.choice(["DE", "US", "FR"]), rng.choice(["North", "South", ""]),
            rng.choice(["Springfield", "Paris", ""]), rng.choice(["Chrome", "Safari"]),
            rng.choice(["search", "direct"]), f"https://example.com/{rng.randint(1, 5)}?a=1",
        )
        for _ in range(3_000)
    ]  # fmt: skip


def periods() -> list[Period]:
    """From seconds to months, in several zones; one with an open end."""
    rng = random.Random(12)
    found = []
    for length in (30, 3_000, 40_000, 200_000, 2_000_000, 5_000_000):
        for zone in (ZoneInfo("UTC"), ZoneInfo("Asia/Kolkata")):
            start = (FIRST + timedelta(seconds=rng.randrange(HOURS * 3600 - 2_000_000))).astimezone(zone)
            found.append(Period(start, start + timedelta(seconds=length), Step.DAY, open_end=False))
    whole = datetime(2026, 1, 26, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    return [*found, Period(*whole, Step.DAY, open_end=False), Period(*whole, Step.MONTH, open_end=True)]


@pytest.fixture
async def clicks(stack: Stack) -> list[Made]:
    made = made_clicks()
    columns: list[list[Any]] = [list(column) for column in zip(*made, strict=True)]
    columns[0] = [int(at.timestamp() * 1000) for at in columns[0]]
    await stack.clickhouse.insert("clicks", Made._fields, columns, "tiers")
    return [each for each in made if each.workspace_id == WORKSPACE]


SCOPES: dict[str, tuple[Scope, Callable[[Made], bool]]] = {
    "all": (Scope(WORKSPACE), lambda _: True),
    "links": (Scope(WORKSPACE, (1, 3)), lambda each: each.link_id in {1, 3}),
    "audience": (
        Scope(WORKSPACE, None, (Filter("browser", ("Safari",), False), Filter("country", ("US",), True))),
        lambda each: each.browser == "Safari" and each.country != "US",
    ),
    "channel": (Scope(WORKSPACE, None, (Filter("channel", ("search",), False),)), lambda each: each.channel == "search"),
    "links under a filter": (
        Scope(WORKSPACE, (2,), (Filter("country", ("DE",), False),)), lambda each: (each.link_id, each.country) == (2, "DE"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCOPES)
async def test_every_question_counts_the_clicks_of_its_period(name: str, stack: Stack, clicks: list[Made]) -> None:
    scope, fits = SCOPES[name]
    for period in periods():
        start, end = period.seconds()
        within = [each for each in clicks if fits(each) and start <= each.timestamp.timestamp() < end]
        counted = [each for each in within if each.verdict == "click"]
        assert await stack.reader.count(scope, period) == len(counted), period
        assert sum(n for _, n in await stack.reader.timeseries(scope, period)) == len(counted), period
        assert await stack.reader.verdicts(scope, period) == Counter(each.verdict for each in within), period
        assert dict(await stack.reader.top_links(scope, period)) == Counter(each.link_id for each in counted), period
        for grouping, value in GROUPED.items():
            top = await stack.reader.top_values(scope, period, GROUPINGS[grouping])
            assert dict(top.rows) == Counter(value(each) for each in counted), (grouping, period)
            assert top.total == len(counted)


GROUPED: dict[str, Callable[[Made], str]] = {
    "countries": lambda each: each.country,
    "regions": lambda each: f"{each.country}\t{each.region}",
    "cities": lambda each: f"{each.country}\t{each.region}\t{each.city}",
    "channels": lambda each: each.channel,
    "top_urls": lambda each: each.url,
    "top_base_urls": lambda each: each.url.partition("?")[0],
}


async def test_totals_of_links_are_those_of_all_time(stack: Stack, clicks: list[Made]) -> None:
    totals = await stack.reader.totals(WORKSPACE, [1, 2, 9])
    for link in (1, 2):
        mine = [each.timestamp for each in clicks if each.link_id == link and each.verdict == "click"]
        last = max(mine)
        assert totals[link] == (len(mine), last.replace(microsecond=0))
    assert set(totals) == {1, 2}


COUNTED = {
    "clicks": "countIf(verdict = 'click')",
    "link_counts": "sumIf(requests, link_id = 0 AND verdict = 'click')",
    "dimension_spans": "sumIf(clicks, dimension = 'country' AND span = 'month')",
    "link_days": "sum(clicks)",
    "link_months": "sum(clicks)",
    "audience_days": "sum(clicks)",
}


@pytest.mark.parametrize("broken", ["link_days", "link_months", "dimension_spans", "audience_days"])
async def test_a_block_that_failed_in_one_rollup_is_in_each_once_when_it_is_sent_again(
    stack: Stack, broken: str
) -> None:
    made = made_clicks()
    columns: list[list[Any]] = [list(column) for column in zip(*made, strict=True)]
    columns[0] = [int(at.timestamp() * 1000) for at in columns[0]]
    await stack.clickhouse.command(f"RENAME TABLE {broken} TO {broken}_away")
    with pytest.raises(ClickHouseUnavailable):
        await stack.clickhouse.insert("clicks", Made._fields, columns, "block")
    await stack.clickhouse.command(f"RENAME TABLE {broken}_away TO {broken}")
    for _ in range(2):
        await stack.clickhouse.insert("clicks", Made._fields, columns, "block")
    clicks = sum(each.verdict == "click" for each in made)
    for table, count in COUNTED.items():
        assert await stack.scalar(f"SELECT {count} FROM {table}") == clicks, table
