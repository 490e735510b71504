"""Leads and sales, from the click that led to them to ClickHouse."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator

import httpx
import pytest
import sqlalchemy as sa
from dub import Dub
from dub.models import errors
from sqlalchemy.ext.asyncio import AsyncEngine

from origin import ids
from origin.conversions import views
from origin.storage.tables import customer_clicks
from tests.factories import new_account
from tests.integration.clicks.asking import new_link
from tests.integration.clicks.support import Stack
from tests.integration.clicks.tracking import Tracker
from tests.origin_app import API_URL

DAY_MS = 86_400_000
_numbers = itertools.count()


@pytest.fixture
async def tracker(stack: Stack, engine: AsyncEngine) -> Tracker:
    return Tracker(stack, await new_account(engine))


@pytest.fixture
async def links(tracker: Tracker, engine: AsyncEngine) -> list[int]:
    return [await new_link(engine, tracker.account, f"conv-{next(_numbers)}-{time.time_ns()}") for _ in range(3)]


@pytest.fixture
async def dub(tracker: Tracker) -> AsyncIterator[Dub]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(tracker.stack.app)) as http:
        yield Dub(token=tracker.account.api_key, server_url=f"{API_URL}/api/v1", async_client=http)


async def test_a_lead_is_credited_to_its_click_and_a_sale_to_the_customers(tracker: Tracker, links: list[int]) -> None:
    click = await tracker.clicked(links[0], country="DE")
    found = await tracker.lead(click, customerName="Ada", customerEmail="ada@example.com", metadata={"plan": "pro"})
    assert found["click"] == {"id": click}
    assert found["link"]["id"] == ids.public(ids.LINK, links[0])
    assert (found["customer"]["name"], found["customer"]["externalId"]) == ("Ada", "one")
    sold = await tracker.sale(amount=1999, currency="EUR", invoiceId="in_1", paymentProcessor="stripe")
    assert sold["sale"] == {
        "amount": 1999, "currency": "eur", "paymentProcessor": "stripe", "invoiceId": "in_1", "metadata": None,
    }  # fmt: skip
    await tracker.settle()
    assert await tracker.stored() == {("lead", links[0]): (1, 0), ("sale", links[0]): (1, 1999)}
    assert await tracker.stored("first") == await tracker.stored()
    (row,) = await tracker.stack.clickhouse.query(
        f"SELECT country, browser, metadata, sale_type FROM conversion_credits FINAL"
        f" WHERE workspace_id = {tracker.workspace} AND model = 'last' AND event = 'lead'"
    )
    assert (row["country"], row["browser"], row["metadata"]) == ("DE", "Chrome", '{"plan":"pro"}')


async def test_what_comes_again_is_counted_once_and_noted_as_a_duplicate(tracker: Tracker, links: list[int]) -> None:
    click = await tracker.clicked(links[0])
    first = await tracker.lead(click)
    assert await tracker.lead(click) == first
    await tracker.lead(click, name="Demo")
    await tracker.lead(click, who="two")
    sold = await tracker.sale(amount=5, invoiceId="in_2")
    assert await tracker.sale(amount=7, invoiceId="in_2", who="someone else") == sold
    for _ in range(2):
        await tracker.sale(amount=10)  # two sales without an invoice are two
    body = {"customerExternalId": "one", "amount": 1000}
    key = f"key-{tracker.workspace}"
    assert await tracker.post("sale", body, key=key) == await tracker.post("sale", body, key=key)
    await tracker.settle()
    assert await tracker.stored() == {("lead", links[0]): (3, 0), ("sale", links[0]): (4, 1025)}
    assert await tracker.outcomes() == {"counted": 7, "duplicate": 2}


async def test_calls_at_the_same_moment_are_one_lead_and_one_sale(tracker: Tracker, links: list[int]) -> None:
    click = await tracker.clicked(links[0])
    await asyncio.gather(*(tracker.lead(click) for _ in range(12)))
    await asyncio.gather(*(tracker.sale(amount=9, invoiceId="in_3", who=f"who-{n % 3}") for n in range(12)))
    await asyncio.gather(*(tracker.sale(amount=1) for _ in range(8)))
    await tracker.settle()
    found = await tracker.outcomes()
    assert found["duplicate"] == 22
    assert sum(found.values()) == 32
    assert (await tracker.stored())["lead", links[0]] == (1, 0)
    async with tracker.stack.client(tracker.account.api_key) as http:
        customer = (await http.get("/api/v1/customers/ext_one")).json()
    assert customer["saleAmount"] == 8 + 9 * (customer["sales"] - 8)


async def test_a_lead_that_overtakes_its_click_is_credited_when_the_click_comes(
    tracker: Tracker, links: list[int]
) -> None:
    click_id = f"edge{tracker.workspace}-t9000"
    assert (await tracker.lead(click_id))["link"] is None
    await tracker.sale(amount=30)
    assert await tracker.outcomes() == {"pending": 2}
    batch = f"late-{tracker.workspace}"
    await tracker.click({"id": click_id, "link": links[1], "at": int(time.time() * 1000) - 500}, batch_id=batch)
    await tracker.click({"id": click_id, "link": links[1]}, batch_id=batch)  # the edge sends the batch again
    await tracker.settle()
    assert await tracker.outcomes() == {"counted": 2}
    assert await tracker.stored() == {("lead", links[1]): (1, 0), ("sale", links[1]): (1, 30)}
    assert (await tracker.lead(click_id))["link"]["id"] == ids.public(ids.LINK, links[1])


async def test_the_last_and_the_first_click_of_the_window_share_no_credit(tracker: Tracker, links: list[int]) -> None:
    for link, days, name in ((links[0], 20, "a"), (links[1], 10, "b"), (links[2], 1, "c")):
        await tracker.lead(await tracker.clicked(link, ago_ms=days * DAY_MS), name=name)
    await tracker.sale(amount=10)
    await tracker.settle()
    last, first = await tracker.stored("last"), await tracker.stored("first")
    assert last["sale", links[2]] == (1, 10)
    assert first["sale", links[0]] == (1, 10)
    assert {key for key in first if key[0] == "sale"} == {("sale", links[0])}
    async with tracker.stack.client(tracker.account.api_key) as http:
        path = f"/api/v1/workspaces/{tracker.account.workspace_id}/attribution"
        changed = (await http.patch(path, json={"windowDays": 15})).json()
        assert (changed["windowDays"], changed["model"]) == (15, "last")
    await tracker.sale(amount=7)
    await tracker.settle()
    assert (await tracker.stored("first"))["sale", links[1]] == (1, 7)
    assert (await tracker.stored("last"))["sale", links[2]] == (2, 17)


async def test_a_sale_may_name_its_lead_or_come_right_from_a_click(tracker: Tracker, links: list[int]) -> None:
    await tracker.lead(await tracker.clicked(links[0]), name="Trial")
    await tracker.lead(await tracker.clicked(links[1]), name="Demo")
    await tracker.sale(amount=1, leadEventName="Trial")
    await tracker.sale(amount=2)
    click = await tracker.clicked(links[2])
    await tracker.sale(who="direct", amount=4, clickId=click)
    refused = await tracker.post("sale", {"customerExternalId": "one", "amount": 1, "leadEventName": "None"}, 404)
    assert "leadEventName" in refused["error"]["message"]
    await tracker.settle()
    found = await tracker.stored()
    assert [found["sale", link][1] for link in links] == [1, 2, 4]
    assert [found["lead", link][0] for link in links] == [1, 1, 1]


async def test_a_sale_without_any_click_is_kept_and_credited_once_a_click_of_before_is_known(
    tracker: Tracker, links: list[int]
) -> None:
    click = await tracker.clicked(links[0], ago_ms=60_000)
    sold = await tracker.sale(who="early", amount=50)
    assert sold["customer"]["externalId"] == "early"
    assert await tracker.outcomes() == {"unattributed": 1}
    await tracker.lead(click, who="early")
    await tracker.settle()
    assert await tracker.stored() == {("lead", links[0]): (1, 0), ("sale", links[0]): (1, 50)}


async def test_deferred_leads_are_tracked_later_and_quantities_count(tracker: Tracker, links: list[int]) -> None:
    click = await tracker.clicked(links[0])
    await tracker.lead(click, mode="deferred")
    assert await tracker.outcomes() == {}
    assert (await tracker.lead("", eventQuantity=3))["click"]["id"] == click
    await tracker.settle()
    assert await tracker.stored() == {("lead", links[0]): (3, 0)}
    nobody = await tracker.post("lead", {"clickId": "", "eventName": "x", "customerExternalId": "nobody"}, 404)
    assert "clickId" in nobody["error"]["message"]


async def test_a_lead_that_waits_is_in_clickhouse_when_it_is_answered(
    tracker: Tracker, links: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_WAIT_SECONDS", 60.0)  # this machine may be busy
    await tracker.lead(await tracker.clicked(links[0]), mode="wait")
    assert await tracker.stored() == {("lead", links[0]): (1, 0)}


async def test_clicks_of_another_workspace_lead_to_nothing(
    tracker: Tracker, links: list[int], engine: AsyncEngine
) -> None:
    click = await tracker.clicked(links[0])
    other = Tracker(tracker.stack, await new_account(engine))
    assert (await other.lead(click))["link"] is None
    assert await other.outcomes() == {"pending": 1}
    async with engine.begin() as connection:  # fifteen days later
        mine = customer_clicks.c.workspace_id == other.workspace
        old = sa.func.now() - sa.text("interval '16 days'")
        await connection.execute(sa.update(customer_clicks).where(mine).values(seen_at=old, look_at=sa.func.now()))
    other.stack.conversions.wake()
    await other.settle()
    assert await other.outcomes() == {"unattributed": 1}
    assert await other.stored() == {}


async def test_the_published_sdk_tracks_and_its_exceptions_are_its_own(
    tracker: Tracker, links: list[int], dub: Dub
) -> None:
    click = await tracker.clicked(links[0])
    lead = await dub.track.lead_async(
        request={
            "click_id": click, "event_name": "Sign up", "customer_external_id": "sdk", "customer_name": "S",
            "customer_email": "s@example.com", "metadata": {"plan": "free"}, "event_quantity": 2,
        }
    )  # fmt: skip
    assert lead is not None
    assert lead.link is not None
    assert (lead.click.id, lead.customer.external_id) == (click, "sdk")
    sale = await dub.track.sale_async(
        request={"customer_external_id": "sdk", "amount": 500, "invoice_id": "sdk-1", "metadata": {"n": 1}}
    )
    assert sale is not None
    assert sale.sale is not None
    assert (sale.sale.amount, sale.sale.currency, sale.sale.invoice_id) == (500, "usd", "sdk-1")
    assert sale.sale.metadata == {"n": 1}
    await tracker.settle()
    listed = await dub.customers.list_async(request={"search": "s@example", "include_expanded_fields": True})
    assert listed is not None
    (customer,) = listed.result
    assert (customer.external_id, customer.sales, customer.sale_amount) == ("sdk", 1, 500)
    assert getattr(customer.link, "id", "") == lead.link.id
    changed = await dub.customers.update_async(
        request={"id": customer.id, "request_body": {"name": "T", "country": "DE"}}
    )
    assert changed is not None
    assert (changed.name, changed.country) == ("T", "DE")
    got = await dub.customers.get_async(request={"id": "ext_sdk"})
    assert got is not None
    assert got.id == customer.id
    with pytest.raises(errors.NotFound):
        await dub.track.lead_async(request={"click_id": "made up", "event_name": "x", "customer_external_id": "y"})
    with pytest.raises(errors.UnprocessableEntity, match="amount"):
        await dub.track.sale_async(request={"customer_external_id": "y", "amount": -1})
    with pytest.raises(errors.UnprocessableEntity, match="metadata"):
        await dub.track.sale_async(request={"customer_external_id": "y", "amount": 1, "metadata": {"a": "b" * 10_001}})
    deleted = await dub.customers.delete_async(id=customer.id)
    assert deleted is not None
    assert deleted.id == customer.id
    with pytest.raises(errors.NotFound):
        await dub.customers.get_async(request={"id": customer.id})
    await tracker.settle()
    assert await tracker.stored() == {("lead", links[0]): (2, 0), ("sale", links[0]): (1, 500)}
    gone = (
        f"SELECT max(customer_id), max(metadata) FROM conversion_credits FINAL WHERE workspace_id = {tracker.workspace}"
    )
    (row,) = await tracker.stack.clickhouse.query(gone)
    assert tuple(row.values()) == (0, "")


async def test_clickhouse_finds_a_click_by_its_key_and_not_by_looking_through_all(
    tracker: Tracker, links: list[int]
) -> None:
    click = await tracker.clicked(links[0])
    sql = "EXPLAIN indexes = 1 SELECT * FROM tracked_clicks WHERE workspace_id = {w:UInt64} AND click_id IN {ids:Array(String)}"
    rows = await tracker.stack.clickhouse.query(sql, {"w": tracker.workspace, "ids": [click]})
    plan = "\n".join(row["explain"] for row in rows)
    assert "workspace_id" in plan
    assert "click_id" in plan
