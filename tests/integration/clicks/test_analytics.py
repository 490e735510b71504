import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from origin import ids
from origin.analytics.dimensions import Filter
from origin.analytics.periods import Period, Step
from origin.analytics.scope import Scope
from origin.analytics.totals import ClickTotals
from origin.storage.tables import folders, link_tags, tags
from tests.factories import new_account
from tests.integration.clicks.asking import Asker, new_link
from tests.integration.clicks.support import CHROME, IPHONE, Stack

ZEROS = {"leads": 0, "sales": 0, "saleAmount": 0}
DAY = 86_400


@pytest.fixture
async def asker(stack: Stack, engine: AsyncEngine) -> Asker:
    return Asker(stack, await new_account(engine))


async def test_a_click_is_seen_in_every_grouping_in_the_shape_of_the_wire(asker: Asker, engine: AsyncEngine) -> None:
    key = f"shape-{time.time_ns()}"
    link = await new_link(engine, asker.account, key, title="Title")
    await asker.click(
        {
            "link": link, "code": key, "url": "https://example.com/?utm_source=mail&utm_medium=email&utm_campaign=c&utm_term=t&utm_content=x",
            "user_agent": IPHONE, "referer": "https://www.google.com/search", "language": "de-DE", "trigger": "qr",
            "country": "DE", "region": "BY", "city": "Munich", "continent": "EU",
        }
    )  # fmt: skip
    expected = {
        "countries": {"country": "DE", "region": "*", "city": "*"},
        "regions": {"country": "DE", "region": "BY", "city": "*"},
        "cities": {"country": "DE", "region": "BY", "city": "Munich"},
        "continents": {"continent": "EU"},
        "devices": {"device": "Mobile"},
        "browsers": {"browser": "Safari"},
        "os": {"os": "iOS"},
        "referers": {"referer": "google.com"},
        "referer_urls": {"refererUrl": "https://www.google.com/search"},
        "trigger": {"trigger": "qr"},
        "triggers": {"trigger": "qr"},
        "top_domains": {"domain": "localhost"},
        "channels": {"channel": "email"},
        "languages": {"language": "de-DE"},
        "utm_sources": {"utm_source": "mail"},
        "utm_mediums": {"utm_medium": "email"},
        "utm_campaigns": {"utm_campaign": "c"},
        "utm_terms": {"utm_term": "t"},
        "utm_contents": {"utm_content": "x"},
    }
    for group_by, fields in expected.items():
        assert await asker.ask(groupBy=group_by) == [{**fields, "clicks": 1, **ZEROS}], group_by
        filtered = await asker.ask(groupBy=group_by, device="Mobile", country="-US")
        assert filtered == [{**fields, "clicks": 1, **ZEROS}], group_by
    assert await asker.ask() == {"clicks": 1, **ZEROS}
    (top,) = await asker.ask(groupBy="top_links")
    assert {"id": ids.public(ids.LINK, link), "key": key, "title": "Title", "clicks": 1}.items() <= top.items()
    assert top["shortLink"].endswith(key)
    assert (await asker.ask(groupBy="top_urls"))[0]["url"].startswith("https://example.com/?utm")


async def test_only_clicks_of_people_are_counted(asker: Asker) -> None:
    await asker.click(
        {}, {"kind": "head"}, {"kind": "prefetch"}, {"kind": "preview"}, {"user_agent": "curl/8"}, {"user_agent": ""}
    )  # fmt: skip
    assert (await asker.ask())["clicks"] == 1
    assert [row["clicks"] for row in await asker.ask(groupBy="countries")] == [1]
    assert (await asker.ask(browser="Chrome"))["clicks"] == 1
    verdicts = await asker.stack.clickhouse.query(
        "SELECT verdict, sum(requests) AS n FROM link_counts WHERE link_id = 1 GROUP BY verdict ORDER BY verdict"
    )
    assert {row["verdict"]: row["n"] for row in verdicts} == {
        "bot": 2,
        "click": 1,
        "head": 1,
        "prefetch": 1,
        "preview": 1,
    }


async def test_an_account_sees_its_own_clicks_only(asker: Asker, engine: AsyncEngine) -> None:
    other = Asker(asker.stack, await new_account(engine))
    mine = await new_link(engine, asker.account, f"mine-{time.time_ns()}", external_id="one")
    await asker.click({"link": mine}, {"link": mine})
    await other.click({"link": 999_999})
    for group_by in ("countries", "referers", "top_urls"):
        assert [row["clicks"] for row in await other.ask(groupBy=group_by)] == [1]
        assert [row["clicks"] for row in await other.ask(groupBy=group_by, device="-TV")] == [1]
    assert (await other.ask())["clicks"] == 1
    assert sum(row["clicks"] for row in await other.ask(groupBy="timeseries")) == 1
    public = ids.public(ids.LINK, mine)
    for parameters in ({"linkId": public}, {"externalId": "ext_one"}, {"linkId": f"-{public}"}):
        assert (await other.answer(404, parameters))["error"]["code"] == "not_found"
    totals = ClickTotals(asker.stack.reader)
    assert await totals.for_links(other.account.actor.workspace_id, [mine]) == {}


async def test_one_link_is_named_in_four_ways(asker: Asker, engine: AsyncEngine) -> None:
    key = f"named-{time.time_ns()}"
    one, two = (
        await new_link(engine, asker.account, key, external_id="x"),
        await new_link(engine, asker.account, key + "2"),
    )
    await asker.click({"link": one}, {"link": two}, {"link": two, "country": "FR"})
    first, second = ids.public(ids.LINK, one), ids.public(ids.LINK, two)
    for parameters in (
        {"linkId": first},
        {"externalId": "ext_x"},
        {"domain": "localhost", "key": key},
        {"linkId": f"-{second}"},
    ):
        assert (await asker.ask(**parameters))["clicks"] == 1, parameters
    assert (await asker.ask(linkId=f"{first},{second}"))["clicks"] == 3
    assert [row["clicks"] for row in await asker.ask(linkId=second, groupBy="countries")] == [1, 1]
    assert [row["id"] for row in await asker.ask(groupBy="top_links")] == [second, first]
    assert [row["id"] for row in await asker.ask(groupBy="top_links", linkId=first)] == [first]
    assert [row["id"] for row in await asker.ask(groupBy="top_links", country="FR")] == [second]


async def test_filters_take_lists_and_exclusions(asker: Asker) -> None:
    await asker.click(
        {"country": "DE"}, {"country": "DE", "user_agent": IPHONE}, {"country": "FR"}, {"country": "US"}, {}
    )
    counts = {
        "DE": 2, "DE,FR": 3, "-DE": 3, "-DE,FR": 2, "Unknown": 1, "XX": 0, "d'e": 0,
    }  # fmt: skip
    for country, clicks in counts.items():
        assert (await asker.ask(country=country))["clicks"] == clicks, country
    assert (await asker.ask(country="DE", device="Desktop"))["clicks"] == 1
    assert await asker.ask(groupBy="devices", country="DE,FR") == [
        {"device": "Desktop", "clicks": 2, **ZEROS},
        {"device": "Mobile", "clicks": 1, **ZEROS},
    ]


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"event": "views"}, "event"),
        ({"groupBy": "top_partners"}, "groupBy"),
        ({"groupId": "g"}, "groupId"),
        ({"partnerTagId": "t"}, "partnerTagId"),
        ({"customerId": "c"}, "customerId"),
        ({"countri": "DE"}, "countri"),
        ({"interval": "5m"}, "interval"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"start": "soon"}, "start"),
        ({"end": "2026-01-01"}, "end"),
        ({"key": "abc"}, "key"),
        ({"country": "-"}, "country"),
        ({"linkId": ","}, "linkId"),
    ],
)
async def test_what_is_not_served_is_refused_by_name(asker: Asker, parameters: dict[str, str], name: str) -> None:
    error = (await asker.answer(422, parameters))["error"]
    assert error["code"] == "unprocessable_entity"
    assert name in error["message"]


async def test_without_a_token_nothing_is_told(stack: Stack) -> None:
    async with stack.client() as http:
        assert (await http.get("/api/v1/analytics")).status_code == 401


async def test_when_clickhouse_is_away_analytics_say_so_and_totals_fail_open(asker: Asker) -> None:
    await asker.stack.clickhouse.close()
    assert (await asker.answer(503, {}))["error"]["code"] == "service_unavailable"
    assert await ClickTotals(asker.stack.reader).for_links(1, [1, 2]) == {}
    await asker.stack.clickhouse.open()


async def test_totals_hold_all_time_and_the_last_click(asker: Asker) -> None:
    at = int(time.time() * 1000)
    await asker.click(
        {"link": 5, "at": at - 20 * DAY * 1000}, {"link": 5, "at": at - 1000}, {"link": 6, "at": at, "kind": "head"}
    )
    found = await ClickTotals(asker.stack.reader).for_links(asker.account.actor.workspace_id, [5, 6, 7])
    assert found == {5: (2, datetime.fromtimestamp((at - 1000) / 1000, UTC))}


async def test_timeseries_has_every_bucket_and_sums_to_the_count(asker: Asker) -> None:
    now = int(time.time() * 1000)
    await asker.click(
        {"at": now}, {"at": now - 3 * DAY * 1000}, {"at": now - 3 * DAY * 1000}, {"at": now - 29 * DAY * 1000}
    )
    for zone in ("UTC", "Asia/Kolkata", "Australia/Lord_Howe", "America/New_York"):
        for interval, clicks in (("7d", 3), ("30d", 4), ("90d", 4), ("all", 4)):
            series = await asker.ask(groupBy="timeseries", interval=interval, timezone=zone)
            assert sum(row["clicks"] for row in series) == clicks, (zone, interval)
            assert (await asker.ask(interval=interval, timezone=zone))["clicks"] == clicks
            assert (await asker.ask(interval=interval, timezone=zone, browser="Chrome"))["clicks"] == clicks
            rows = await asker.ask(groupBy="countries", interval=interval, timezone=zone)
            assert sum(row["clicks"] for row in rows) == clicks
        assert len(await asker.ask(groupBy="timeseries", interval="30d", timezone=zone)) == 31
    assert (await asker.ask(groupBy="timeseries"))[0]["start"].endswith("00:00.000Z")


async def test_an_exact_range_is_exact(asker: Asker) -> None:
    base = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=2)
    seconds = [-1, 0, 1, 899, 900, 3599, 3600, 3601, 7199, 7200]
    await asker.click(*({"at": int((base + timedelta(seconds=each)).timestamp() * 1000)} for each in seconds))
    for first in seconds:
        for last in seconds:
            if first >= last:
                continue
            ends = {
                "start": (base + timedelta(seconds=first)).isoformat(),
                "end": (base + timedelta(seconds=last)).isoformat(),
            }
            expected = sum(first <= each < last for each in seconds)
            assert (await asker.ask(**ends))["clicks"] == expected, ends
            assert sum(row["clicks"] for row in await asker.ask(groupBy="os", **ends)) == expected, ends


@pytest.mark.parametrize("filtered", [False, True])
async def test_days_with_a_clock_change_hold_their_own_clicks(stack: Stack, filtered: bool) -> None:
    """Straight into the table, since the intake takes no clicks of a year ago."""
    zone = ZoneInfo("Europe/Berlin")
    times = [  # local time and clicks; a list, as two times that differ in `fold` alone are equal
        (datetime(2026, 3, 29, 0, 0, tzinfo=zone), 1),
        (datetime(2026, 3, 29, 23, 59, tzinfo=zone), 2),
        (datetime(2026, 3, 30, 0, 0, tzinfo=zone), 4),
        (datetime(2026, 10, 25, 2, 30, tzinfo=zone, fold=0), 8),
        (datetime(2026, 10, 25, 2, 30, tzinfo=zone, fold=1), 16),
        (datetime(2026, 10, 25, 23, 59, tzinfo=zone), 32),
        (datetime(2026, 10, 26, 0, 0, tzinfo=zone), 64),
    ]
    at = [int(time.timestamp() * 1000) for time, clicks in times for _ in range(clicks)]
    same: list[list[Any]] = [[value] * len(at) for value in (77, 1, "click", CHROME, "DE")]
    columns = ["timestamp", "workspace_id", "link_id", "verdict", "user_agent", "country"]
    await stack.clickhouse.insert("clicks", columns, [at, *same], "dst")
    filters = (Filter("country", ("DE",), exclude=False),) if filtered else ()

    async def days(start: datetime, end: datetime) -> list[int]:
        series = await stack.reader.timeseries(Scope(77, None, filters), Period(start, end, Step.DAY, open_end=False))
        return [clicks for _, clicks in series]

    assert await days(datetime(2026, 3, 28, tzinfo=zone), datetime(2026, 3, 31, tzinfo=zone)) == [0, 3, 4]
    assert await days(datetime(2026, 10, 24, tzinfo=zone), datetime(2026, 10, 27, tzinfo=zone)) == [0, 56, 64]
    hours = Period(
        datetime(2026, 10, 25, 1, tzinfo=zone), datetime(2026, 10, 25, 4, tzinfo=zone), Step.HOUR, open_end=False
    )
    assert [n for _, n in await stack.reader.timeseries(Scope(77, None, filters), hours)] == [0, 8, 16, 0]


async def test_a_query_parameter_a_path_and_the_rest_of_a_top_list(asker: Asker) -> None:
    await asker.click(*({"query": f"ref={name}", "path": f"/{name}"} for name in "aaaabbc"), {"query": "other=1"})
    top = await asker.ask(groupBy="parameters", parameter="ref")
    assert [(row["parameter"], row["value"], row["clicks"]) for row in top] == [
        ("ref", "a", 4), ("ref", "b", 2), ("ref", "c", 1),
    ]  # fmt: skip
    assert (await asker.ask(parameter="ref", parameterValue="-a,b"))["clicks"] == 2
    for more in ({}, {"device": "-TV"}):
        rows = await asker.ask(groupBy="paths", limit="1", other="true", **more)
        assert [(row["path"], row["clicks"]) for row in rows] == [("/a", 4), ("(other)", 3)]
    rows = await asker.ask(groupBy="countries", limit="1", other="true")
    assert [row["clicks"] for row in rows] == [8], "nothing was cut"
    assert "parameter" in (await asker.answer(422, {"groupBy": "parameters"}))["error"]["message"]


async def test_a_period_is_compared_with_the_one_before(asker: Asker) -> None:
    today = int(time.time() * 1000) // (DAY * 1000) * DAY * 1000
    days = {0: 3, 1: 2, 7: 1, 8: 4, 20: 9}
    await asker.click(
        *(
            {"at": today - day * DAY * 1000, "country": "DE" if day else "FR"}
            for day, n in days.items()
            for _ in range(n)
        )
    )
    count = await asker.ask(interval="7d", compare="previous")
    assert (count["clicks"], count["previousClicks"]) == (6, 4), "the 8th day back is the same weekday as the first"
    series = await asker.ask(interval="7d", groupBy="timeseries", compare="previous")
    assert [row["clicks"] for row in series] == [1, 0, 0, 0, 0, 0, 2, 3]
    assert [row["previousClicks"] for row in series] == [0, 0, 0, 0, 0, 0, 0, 4]
    rows = await asker.ask(interval="7d", groupBy="countries", compare="previous")
    assert {row["country"]: (row["clicks"], row["previousClicks"]) for row in rows} == {"DE": (3, 4), "FR": (3, 0)}
    ends = {"start": "2026-01-01T00:30:00Z", "end": "2026-01-03T00:30:00Z"}
    assert (await asker.ask(compare="previous", **ends))["previousClicks"] == 0


async def test_hours_of_the_week_and_places_for_a_map(asker: Asker) -> None:
    at = datetime.now(UTC).replace(minute=20, second=0, microsecond=0) - timedelta(hours=5)
    place = {"country": "DE", "region": "BE", "city": "Berlin", "latitude": "52.5", "longitude": "13.4"}
    await asker.click({"at": int(at.timestamp() * 1000), **place}, {"at": int(at.timestamp() * 1000)})
    for zone in ("UTC", "Asia/Kolkata"):
        local = at.astimezone(ZoneInfo(zone))
        for more in ({}, {"device": "-TV"}):
            rows = await asker.ask(groupBy="hours_of_week", timezone=zone, **more)
            assert len(rows) == 168
            found = [(row["weekday"], row["hour"], row["clicks"]) for row in rows if row["clicks"]]
            assert found == [(local.isoweekday(), local.hour, 2)]
    (row,) = await asker.ask(groupBy="places")
    assert (row["city"], row["clicks"], row["latitude"]) == ("Berlin", 1, 52.5)


async def test_visitors_are_counted_by_utc_day_from_rollup_and_raw_alike(asker: Asker) -> None:
    today = int(time.time() * 1000) // (DAY * 1000) * DAY * 1000
    people = {0: "aab", 1: "abcc", 3: "aaaa"}
    addresses = {"a": "192.0.2.1", "b": "192.0.2.2", "c": "192.0.2.3"}
    await asker.click(
        *({"at": today - day * DAY * 1000, "ip": addresses[who]} for day, all_ in people.items() for who in all_)
    )
    for zone in ("UTC", "Asia/Kolkata"):
        for more in ({}, {"device": "Desktop"}):
            rows = await asker.ask(groupBy="visitors", interval="7d", timezone=zone, **more)
            assert [row["visitors"] for row in rows][-4:] == [1, 0, 3, 2]
            assert [row["clicks"] for row in rows][-4:] == [4, 0, 4, 3]
            assert rows[-1]["start"] == datetime.fromtimestamp(today / 1000, UTC).strftime("%Y-%m-%dT00:00:00.000Z")


async def test_clicks_by_tag_and_by_folder_of_their_links(asker: Asker, engine: AsyncEngine) -> None:
    name = f"sorted-{time.time_ns()}"
    workspace = {"workspace_id": asker.workspace}
    async with engine.begin() as connection:
        folder = (
            await connection.execute(insert(folders).values(**workspace, name="Shop").returning(folders.c.id))
        ).scalar_one()
        found = await connection.execute(
            insert(tags)
            .values([{**workspace, "name": "one", "color": "red"}, {**workspace, "name": "two", "color": "blue"}])
            .returning(tags.c.id)
        )
        one, two = sorted(found.scalars())
    both = await new_link(engine, asker.account, name, folder_id=folder)
    only = await new_link(engine, asker.account, name + "2")
    async with engine.begin() as connection:
        pairs = [(both, one), (both, two), (only, two)]
        await connection.execute(insert(link_tags).values([{"link_id": link, "tag_id": tag} for link, tag in pairs]))
    await asker.click({"link": both}, {"link": only}, {"link": only})
    for more in ({}, {"device": "-TV"}):
        rows = await asker.ask(groupBy="top_link_tags", **more)
        assert [(row["tag"]["name"], row["tag"]["color"], row["clicks"]) for row in rows] == [
            ("two", "blue", 3), ("one", "red", 1),
        ]  # fmt: skip
        (row,) = await asker.ask(groupBy="top_folders", **more)
        assert (row["folder"]["name"], row["folderId"], row["clicks"]) == ("Shop", row["folder"]["id"], 1)
    other = Asker(asker.stack, await new_account(engine))
    await other.click({"link": both})  # another workspace's link, as no edge would say
    assert await other.ask(groupBy="top_link_tags") == await other.ask(groupBy="top_folders") == []
