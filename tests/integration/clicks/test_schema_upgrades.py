"""ClickHouse's numbered DDL on the tables that the release before left, and for that release while it still runs."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from origin.storage import clickhouse_schema
from origin.storage.clickhouse import ClickHouse
from origin.storage.clickhouse_schema import migrate, migrations

# Ten thousand clicks of three days, some without a country.
CLICKS = """
INSERT INTO clicks (click_id, workspace_id, link_id, timestamp, verdict, country, region, browser, url, path, keep_days)
SELECT
    toString(number), 1 + number % 2, number % 9, toDateTime64('2026-02-27 05:30:00', 3, 'UTC') + number * 26, 'click',
    ['DE', 'US', ''][1 + number % 3], ['BE', ''][1 + number % 2], 'Chrome',
    concat('https://example.com/', toString(number % 20)), '', 365
FROM numbers(10000)
"""
RAW_COUNTRIES = (
    "SELECT workspace_id, country AS value, count() AS n FROM clicks WHERE country != '' GROUP BY ALL ORDER BY ALL"
)
RAW_DAYS = (
    "SELECT workspace_id, toDate(timestamp) AS start, url AS value, count() AS n FROM clicks GROUP BY ALL ORDER BY ALL"
)
ROLLED = """
SELECT workspace_id, value, sum(clicks) AS n FROM {table} WHERE dimension = 'country' {more} GROUP BY ALL ORDER BY ALL
"""
ROLLED_DAYS = """
SELECT workspace_id, start, value, sum(clicks) AS n FROM dimension_spans WHERE dimension = 'url' AND span = 'day'
GROUP BY ALL ORDER BY ALL
"""
# As the release that kept values by the hour asked.
HOURS = """
SELECT value, sum(clicks) AS part FROM dimension_counts
WHERE workspace_id = 1 AND dimension = 'country' AND link_id = 0
    AND (hour >= toDateTime('2026-02-27 06:00:00', 'UTC') AND hour < toDateTime('2026-02-27 09:00:00', 'UTC'))
GROUP BY value ORDER BY value
"""


@pytest.fixture
async def by_the_hour(home: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ClickHouse]:
    """An engine with clicks, as the release left it that kept values by the hour."""
    clickhouse = ClickHouse(home / "clickhouse")
    await clickhouse.open()
    try:
        with monkeypatch.context() as patched:
            patched.setattr(clickhouse_schema, "migrations", lambda: migrations()[:12])
            await migrate(clickhouse)
        await clickhouse.command(CLICKS)
        yield clickhouse
    finally:
        await clickhouse.close()


async def test_values_by_day_hold_what_those_by_the_hour_held(by_the_hour: ClickHouse) -> None:
    asked_before = await by_the_hour.query(HOURS)
    await migrate(by_the_hour)
    await by_the_hour.command(CLICKS.replace("toString(number)", "concat('later-', toString(number))", 1))
    for span in ("day", "month"):
        rolled = ROLLED.format(table="dimension_spans", more=f"AND span = '{span}'")
        assert await by_the_hour.query(rolled) == await by_the_hour.query(RAW_COUNTRIES)
    assert await by_the_hour.query(ROLLED_DAYS) == await by_the_hour.query(RAW_DAYS)
    (row,) = await by_the_hour.query("SELECT min(keep_days) AS least, max(keep_days) AS most FROM dimension_spans")
    assert (row["least"], row["most"]) == (365, 365)
    # The release before still finds the hours, the new clicks with them.
    assert [(each["value"], each["part"]) for each in await by_the_hour.query(HOURS)] == [
        (each["value"], 2 * each["part"]) for each in asked_before
    ]


async def test_a_migration_that_was_cut_off_runs_again(by_the_hour: ClickHouse) -> None:
    last = next(each for each in migrations() if each.name == "values_by_day")
    for done in range(len(last.statements)):
        for statement in last.statements[:done]:
            await by_the_hour.command(statement)
    await migrate(by_the_hour)
    assert await by_the_hour.query(ROLLED_DAYS) == await by_the_hour.query(RAW_DAYS)


async def test_what_a_view_makes_of_a_block_is_one_part_however_many_values_it_has(by_the_hour: ClickHouse) -> None:
    await migrate(by_the_hour)
    await by_the_hour.command("SYSTEM STOP MERGES dimension_spans")
    await by_the_hour.command("TRUNCATE TABLE dimension_spans")
    count = 60_000
    many = [
        "region",
        "city",
        "network",
        "referer",
        "referer_url",
        "url",
        "path",
        "utm_term",
        "utm_content",
        "utm_campaign",
    ]
    same = {"workspace_id": 1, "link_id": 1, "timestamp": 1_772_000_000_000, "verdict": "click"}
    columns: list[list[Any]] = [
        *([value] * count for value in same.values()),
        [str(number) for number in range(count)],
        *([f"{name} {number}" for number in range(count)] for name in many),
    ]
    await by_the_hour.insert("clicks", [*same, "click_id", *many], columns, "block")
    parts = "SELECT count() AS parts, sum(rows) AS held FROM system.parts WHERE active AND table = 'dimension_spans'"
    (row,) = await by_the_hour.query(parts)
    assert row["held"] >= 2 * count * len(many) > 1_048_449  # rows that ClickHouse puts into one block by itself
    assert row["parts"] == 1
