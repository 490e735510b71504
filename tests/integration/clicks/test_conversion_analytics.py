"""Leads, sales and revenue in the analytics: counted by everything that clicks are, listed, exported, live."""

import asyncio
import csv
import io
import itertools
import json
import time
from typing import Any

import httpx
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # has no types of its own
import pytest
from dub import Dub, models
from dub.models import operations
from sqlalchemy.ext.asyncio import AsyncEngine

from origin import ids
from origin.analytics.events import NEXT_CURSOR
from origin.analytics.export import CONVERSION_COLUMNS
from tests.factories import new_account
from tests.integration.clicks.asking import new_link
from tests.integration.clicks.support import IPHONE, Stack
from tests.integration.clicks.test_events import live
from tests.integration.clicks.test_sdk import READABLE
from tests.integration.clicks.tracking import Tracker
from tests.origin_app import API_URL

_numbers = itertools.count()
DAY_MS = 86_400_000


@pytest.fixture
async def tracker(stack: Stack, engine: AsyncEngine) -> Tracker:
    return Tracker(stack, await new_account(engine))


@pytest.fixture
async def links(tracker: Tracker, engine: AsyncEngine) -> list[int]:
    return [await new_link(engine, tracker.account, f"ca-{next(_numbers)}-{time.time_ns()}") for _ in range(3)]


async def fill(tracker: Tracker, links: list[int]) -> None:
    """Two people from Germany by one link, one from the US by another; a third link has clicks alone."""
    place: dict[str, Any] = {
        "region": "BE",
        "city": "Berlin",
        "continent": "EU",
        "latitude": "52.5",
        "longitude": "13.4",
    }
    one = await tracker.clicked(links[0], country="DE", **place)
    two = await tracker.clicked(links[0], country="DE", user_agent=IPHONE, **place)
    three = await tracker.clicked(links[1], country="US", continent="NA")
    await tracker.clicked(links[2], country="FR", continent="EU")
    await tracker.lead(one, who="one", metadata={"plan": "pro", "seats": 5, "of": {"team": "a"}})
    await tracker.lead(two, who="two", metadata={"plan": "free", "seats": 1})
    await tracker.lead(three, who="three", name="Demo", eventQuantity=4)
    await tracker.sale(
        who="one", amount=1000, currency="usd", invoiceId=f"in-{tracker.workspace}", paymentProcessor="stripe"
    )
    await tracker.sale(who="one", amount=500, currency="usd", eventName="Renewal")
    await tracker.sale(who="three", amount=300, currency="eur", metadata={"plan": "pro"})
    await tracker.sale(who="nobody", amount=77)
    await tracker.settle()


def short(row: dict[str, Any]) -> tuple[int, int, int, int]:
    return row["clicks"], row["leads"], row["sales"], row["saleAmount"]


async def test_each_event_counts_its_own_and_composite_all(tracker: Tracker, links: list[int]) -> None:
    await fill(tracker, links)
    found = {event: await tracker.ask(event=event) for event in ("clicks", "leads", "sales", "composite")}
    assert short(found["clicks"]) == (4, 0, 0, 0)
    assert short(found["leads"]) == (0, 6, 0, 0)
    assert short(found["sales"]) == (0, 0, 3, 1500)
    assert short(found["composite"]) == (4, 6, 3, 1500)
    assert found["composite"]["revenue"] == {"eur": 300, "usd": 1500}
    countries = {row["country"]: short(row) for row in await tracker.ask(event="composite", groupBy="countries")}
    assert countries == {"DE": (2, 2, 2, 1500), "US": (1, 4, 1, 0), "FR": (1, 0, 0, 0)}
    ranked = await tracker.ask(event="sales", groupBy="top_links")
    assert [(row["id"], row["sales"]) for row in ranked] == [
        (ids.public(ids.LINK, links[0]), 2),
        (ids.public(ids.LINK, links[1]), 1),
    ]
    names = {row["eventName"]: short(row) for row in await tracker.ask(event="composite", groupBy="event_names")}
    assert names == {
        "Sign up": (0, 2, 0, 0),
        "Demo": (0, 4, 0, 0),
        "Purchase": (0, 0, 2, 1000),
        "Renewal": (0, 0, 1, 500),
    }
    first, other = await tracker.ask(event="composite", groupBy="countries", limit="1", other="true")
    assert (short(first), short(other)) == ((2, 2, 2, 1500), (2, 4, 1, 0))
    assert other["revenue"] == {"eur": 300}
    before = await tracker.ask(event="composite", groupBy="count", compare="previous")
    assert (before["previousLeads"], before["previousSaleAmount"]) == (0, 0)


async def test_every_grouping_adds_up_to_all(tracker: Tracker, links: list[int]) -> None:
    await fill(tracker, links)
    none = ("utm_", "top_link_tags", "top_folders")
    for each in operations.QueryParamGroupBy:
        if each.value in {"count", "top_groups", "top_partners", "top_partner_tags"}:  # one row, or none of ours
            continue
        rows = await tracker.ask(event="composite", groupBy=each.value)
        found = sum(row["leads"] for row in rows), sum(row["sales"] for row in rows)
        assert found == ((0, 0) if each.value.startswith(none) else (6, 3)), each


async def test_buckets_hours_places_and_days_have_them_too(tracker: Tracker, links: list[int]) -> None:
    await fill(tracker, links)
    for zone in ("UTC", "Asia/Kathmandu"):
        rows = await tracker.ask(event="composite", groupBy="timeseries", interval="7d", timezone=zone)
        assert short(rows[-1]) == (4, 6, 3, 1500)
        assert {short(row) for row in rows[:-1]} == {(0, 0, 0, 0)}
    hours = await tracker.ask(event="composite", groupBy="hours_of_week", interval="7d")
    assert len(hours) == 168
    assert sum(row["leads"] for row in hours) == 6
    (berlin,) = await tracker.ask(event="leads", groupBy="places")
    assert (berlin["city"], berlin["leads"], round(berlin["latitude"], 1)) == ("Berlin", 2, 52.5)
    days = await tracker.ask(event="composite", groupBy="visitors", interval="7d")
    assert (days[-1]["visitors"] > 0, days[-1]["sales"]) == (True, 3)


async def test_a_city_whose_coordinates_were_taken_back_is_on_no_map(tracker: Tracker, links: list[int]) -> None:
    berlin = {"country": "DE", "region": "BE", "city": "Berlin"}
    there = {"latitude": "52.5", "longitude": "13.4"}
    await tracker.lead(await tracker.clicked(links[0], ago_ms=60_000, **berlin, **there))
    await tracker.settle()
    await tracker.lead(await tracker.clicked(links[0], ago_ms=30_000, **berlin), name="Other", mode="deferred")
    await tracker.settle()
    (city,) = await tracker.ask(event="leads", groupBy="cities")
    assert (city["city"], city["leads"]) == ("Berlin", 1)
    assert await tracker.ask(event="leads", groupBy="places") == []


async def test_filters_narrow_what_they_name(tracker: Tracker, links: list[int]) -> None:
    await fill(tracker, links)
    for filters, expected in (
        ({"country": "DE"}, (2, 2, 2, 1500)),
        ({"country": "-DE"}, (2, 4, 1, 0)),
        ({"os": "iOS"}, (1, 1, 0, 0)),
        ({"saleType": "new"}, (4, 0, 2, 1000)),
        ({"saleType": "recurring"}, (4, 0, 1, 500)),
        ({"eventName": "Renewal,Demo"}, (4, 4, 1, 500)),
        ({"currency": "-usd", "event": "sales"}, (0, 0, 1, 0)),
        ({"paymentProcessor": "stripe"}, (4, 0, 1, 1000)),
        ({"query": "metadata['plan']:'pro'"}, (4, 1, 1, 0)),
        ({"query": "metadata['plan']!='free' AND metadata['seats']>=5"}, (4, 1, 0, 0)),
        ({"query": "metadata['seats']=5"}, (4, 1, 0, 0)),
        ({"query": "metadata['of']['team']:'a'"}, (4, 1, 0, 0)),
        ({"customerId": "ext_one"}, (4, 1, 2, 1500)),
        ({"customerId": "-ext_one"}, (4, 5, 1, 0)),
    ):
        assert short(await tracker.ask(**{"event": "composite", **filters})) == expected, filters


async def test_what_makes_no_sense_is_refused_by_name(tracker: Tracker) -> None:
    for parameters, named in (
        ({"saleType": "new"}, "saleType"),
        ({"groupBy": "event_names"}, "event_names"),
        ({"event": "leads", "query": "plan = pro"}, "query"),
        ({"event": "leads", "query": "metadata['a']>'b'"}, "number"),
        ({"event": "leads", "groupBy": "variants"}, "linkId"),
        ({"event": "nothing"}, "event"),
    ):
        assert named in (await tracker.answer(422, parameters))["error"]["message"]


async def test_links_and_customers_show_what_came_and_rates_sum_it_up(tracker: Tracker, links: list[int]) -> None:
    await fill(tracker, links)
    rows = {row["id"]: row for row in await tracker.ask(event="composite", groupBy="top_links")}
    assert rows[ids.public(ids.LINK, links[1])]["revenue"] == {"eur": 300}
    async with tracker.stack.client(tracker.account.api_key) as http:
        path = f"/api/v1/workspaces/{tracker.account.workspace_id}/attribution"
        assert (await http.get(path)).json()["currency"] == "usd"
        await http.patch(path, json={"exchangeRates": {"EUR": 1.1, "jpy": 0.007}})
        customer = (await http.get("/api/v1/customers/ext_three")).json()
        assert (customer["saleAmount"], customer["revenue"]) == (330, {"eur": 300})
    assert (await tracker.ask(event="sales"))["saleAmount"] == 1830
    await tracker.sale(who="one", amount=1000, currency="jpy")  # 1000 yen, of which none has a hundredth
    await tracker.settle()
    assert (await tracker.ask(event="sales"))["saleAmount"] == 1830 + 700
    (event,) = (await tracker.answer(200, {"limit": "1"}, "events"))[:1]
    shown = {event["link"]["id"]: event["link"]}
    for each in await tracker.answer(200, {}, "events"):
        shown[each["link"]["id"]] = each["link"]
    one = shown[ids.public(ids.LINK, links[0])]
    assert (one["leads"], one["conversions"], one["sales"], one["saleAmount"]) == (2, 1, 3, 2200)


async def test_events_page_both_ways_and_have_every_key_of_the_wire(tracker: Tracker, links: list[int]) -> None:
    await fill(tracker, links)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(tracker.stack.app)) as http:
        dub = Dub(token=tracker.account.api_key, server_url=f"{API_URL}/api/v1", async_client=http)
        sales = await dub.events.list_async(request={"event": operations.QueryParamEvent.SALES})
        leads = await dub.events.list_async(request={"event": operations.QueryParamEvent.LEADS})
        assert [type(each).__name__ for each in sales or []] == ["SaleEvent"] * 3
        assert [type(each).__name__ for each in leads or []] == ["LeadEvent"] * 3
        for event in (operations.Event.LEADS, operations.Event.SALES, operations.Event.COMPOSITE):
            for group_by in (*READABLE, "event_names"):
                rows = await dub.analytics.retrieve_async(
                    request={"event": event, "group_by": operations.QueryParamGroupBy(group_by)}
                )
                assert isinstance(rows, list), group_by
            total = await dub.analytics.retrieve_async(request={"event": event})
            assert isinstance(total, models.components.AnalyticsCount)
    newest, *_ = await tracker.answer(200, {"event": "sales"}, "events")
    assert (newest["eventName"], newest["saleAmount"], newest["sale"]["currency"]) == ("Purchase", 300, "eur")
    assert (newest["customer"]["externalId"], newest["metadata"], newest["country"]) == ("three", {"plan": "pro"}, "US")
    for order in ("desc", "asc"):
        whole = [
            each["eventId"] for each in await tracker.answer(200, {"event": "sales", "sortOrder": order}, "events")
        ]
        paged, cursor = [], ""
        async with tracker.stack.client(tracker.account.api_key) as http:
            while True:
                asked_for = {"event": "sales", "sortOrder": order, "limit": "1", "cursor": cursor}
                response = await http.get("/api/v1/events", params=asked_for)
                paged += [each["eventId"] for each in response.json()]
                if not (cursor := response.headers.get(NEXT_CURSOR, "")):
                    break
        by_number = [
            (await tracker.answer(200, {"event": "sales", "sortOrder": order, "limit": "1", "page": page}, "events"))[0]
            for page in ("1", "2", "3")
        ]
        assert paged == whole == [each["eventId"] for each in by_number]
    assert len(set(whole)) == 3


async def test_an_export_holds_every_column(tracker: Tracker, links: list[int]) -> None:
    await fill(tracker, links)
    files = {}
    async with tracker.stack.client(tracker.account.api_key) as http:
        for name in ("ndjson", "csv", "parquet"):
            response = await http.get("/api/v1/events/export", params={"format": name, "event": "sales"})
            files[name] = response.content
    lines = [json.loads(line) for line in files["ndjson"].splitlines()]
    table = list(csv.DictReader(io.StringIO(files["csv"].decode())))
    parquet = pq.read_table(io.BytesIO(files["parquet"]))
    assert tuple(lines[0]) == tuple(table[0]) == tuple(parquet.column_names) == CONVERSION_COLUMNS
    assert [line["amount"] for line in lines] == parquet["amount"].to_pylist()
    assert sorted(line["amount"] for line in lines) == [300, 500, 1000]
    assert {line["customer_id"][:4] for line in lines} == {"cus_"}


async def test_the_live_feed_has_leads_and_sales(tracker: Tracker, links: list[int]) -> None:
    async with live(tracker) as feed:
        await asyncio.sleep(0.1)
        click = await tracker.clicked(links[0])
        await tracker.lead(click)
        await tracker.sale(amount=12)
        found = [await feed.next() for _ in range(3)]
    kinds = [each["data"]["event"] for each in found]
    assert sorted(kinds) == ["click", "lead", "sale"]
    assert {each["data"]["click_id"] for each in found} == {click}


async def test_the_accounting_of_leads_and_sales_closes_and_leads_to_each(tracker: Tracker, links: list[int]) -> None:
    await fill(tracker, links)
    await tracker.sale(who="one", amount=1, invoiceId=f"in-{tracker.workspace}")
    await tracker.lead(f"e{tracker.workspace}-t77", who="early")
    found = await tracker.answer(200, {"interval": "7d"}, "conversions/accounting")
    expected = {
        "leads": {"counted": 3, "duplicates": 0, "unattributed": 0, "pending": 1},
        "sales": {"counted": 3, "duplicates": 1, "unattributed": 1, "pending": 0},
    }
    async with tracker.stack.client(tracker.account.api_key) as http:
        for event, parts in expected.items():
            assert {name: found[event][name]["events"] for name in parts} == parts
            assert found[event]["received"] == sum(parts.values())
            for name, number in parts.items():
                listed = (await http.get(found[event][name]["list"])).json()
                assert len(listed) == number, (event, name)
        rows: list[Any] = []
        while page := (
            await http.get(
                "/api/v1/conversions",
                params={
                    "limit": "2",
                    "startingAfter": rows[-1]["id"] if rows else "",
                },
            )
        ).json():
            rows += page
    assert len({row["id"] for row in rows}) == len(rows) == 9


async def test_variants_are_compared_by_what_became_of_their_clicks(tracker: Tracker, engine: AsyncEngine) -> None:
    variants = [{"url": "https://example.com/a", "percentage": 50}, {"url": "https://example.com/b", "percentage": 50}]
    link = await new_link(engine, tracker.account, f"v-{time.time_ns()}", test_variants=variants)
    clicks: list[dict[str, Any]] = [
        {
            "id": f"v{tracker.workspace}-t{number}",
            "link": link,
            "variant": number % 2,
            "ip": f"203.0.113.{number % 200}",
        }
        for number in range(200)
    ]
    await tracker.click(*clicks)
    for number in range(0, 40, 2):  # 20 of the 100 clicks of variant 0
        await tracker.lead(clicks[number]["id"], who=f"a{number}")
    for number in range(1, 81, 2):  # 40 of those of variant 1, one of them twice
        await tracker.lead(clicks[number]["id"], who=f"b{number}")
    await tracker.lead(clicks[1]["id"], who="b1", name="Again")
    await tracker.settle()
    control, variant = await tracker.ask(groupBy="variants", linkId=ids.public(ids.LINK, link), event="leads")
    assert (control["clicks"], control["converted"], control["leads"], control["control"]) == (100, 20, 20, True)
    assert (variant["clicks"], variant["converted"], variant["leads"]) == (100, 40, 41)
    assert (variant["url"], variant["lift"], variant["significant"]) == ("https://example.com/b", 1.0, True)
    assert variant["pValue"] == pytest.approx(0.0020282, rel=1e-3)
    assert 0.998 < variant["probabilityToBeatControl"] < 1
    assert variant["differenceLow"] > 0.07
    assert (variant["minimumClicks"] > 1000, variant["enoughClicks"]) == (True, False)


async def test_links_are_chosen_by_what_they_are_sorted_into(tracker: Tracker, engine: AsyncEngine) -> None:
    one = await new_link(engine, tracker.account, f"t-{time.time_ns()}", tenant_id="acme", partner_id="p")
    two = await new_link(engine, tracker.account, f"u-{time.time_ns()}", tenant_id="other")
    for link in (one, two, two):
        await tracker.lead(await tracker.clicked(link), who=str(next(_numbers)))
    await tracker.settle()
    for filters, expected in (
        ({"tenantId": "acme"}, 1),
        ({"tenantId": "-acme"}, 2),
        ({"tenantId": "acme,other"}, 3),
        ({"tenantId": "acme,other", "partnerId": "p"}, 1),
        ({"tenantId": "nobody"}, 0),
        ({"folderId": "-fold_1"}, 3),
        ({"tagId": "tag_1"}, 0),
        ({"root": "false"}, 3),
        ({"qr": "true"}, 0),
    ):
        found = await tracker.ask(event="composite", **filters)
        assert (found["clicks"], found["leads"]) == (expected, expected), filters


async def test_a_question_may_ask_for_the_other_click_than_the_workspace_is_set_to(
    tracker: Tracker, links: list[int]
) -> None:
    await tracker.lead(await tracker.clicked(links[0], ago_ms=60_000), name="A")
    await tracker.lead(await tracker.clicked(links[1], ago_ms=30_000), name="B")
    await tracker.sale(amount=8)
    await tracker.settle()
    asked = {"event": "sales", "groupBy": "top_links"}
    first, last = ids.public(ids.LINK, links[0]), ids.public(ids.LINK, links[1])
    assert [row["id"] for row in await tracker.ask(**asked)] == [last]
    assert [row["id"] for row in await tracker.ask(**asked, attribution="first")] == [first]
    async with tracker.stack.client(tracker.account.api_key) as http:
        path = f"/api/v1/workspaces/{tracker.account.workspace_id}/attribution"
        assert (await http.patch(path, json={"model": "first"})).status_code == 200
    assert [row["id"] for row in await tracker.ask(**asked)] == [first]
    assert [row["id"] for row in await tracker.ask(**asked, attribution="last")] == [last]
    (event,) = await tracker.answer(200, {"event": "sales"}, "events")
    assert (event["link"]["id"], event["link"]["saleAmount"]) == (first, 8)
