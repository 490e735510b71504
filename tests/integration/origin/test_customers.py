"""Customers, listed, found, changed and forgotten; no ClickHouse takes part."""

import asyncio
from typing import Any

import httpx
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.conversions import settings
from origin.conversions.settings import AttributionChange
from tests.factories import Account

_WAITERS = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def add(api: httpx.AsyncClient, number: int, **more: Any) -> str:
    """A customer who has paid, as a sale makes one."""
    body = {
        "customerExternalId": f"who-{number}", "customerEmail": f"{number}@example.com", "amount": number * 10, **more,
    }  # fmt: skip
    made = await api.post("/api/v1/track/sale", json=body)
    assert made.status_code == 200, made.text
    return str(made.json()["customer"]["id"])


async def listed(api: httpx.AsyncClient, **parameters: str) -> list[str]:
    found = await api.get("/api/v1/customers", params=parameters)
    assert found.status_code == 200, found.text
    return [each["externalId"] for each in found.json()]


async def test_pages_by_number_and_by_cursor_hold_each_once_in_every_order(api: httpx.AsyncClient) -> None:
    known = [await add(api, number) for number in (3, 1, 4, 5, 2)]
    await api.patch(f"/api/v1/customers/{known[1]}", json={"subscriptionCanceledAt": "2026-01-01T00:00:00Z"})
    for order in ("createdAt", "saleAmount", "firstSaleAt", "subscriptionCanceledAt"):
        for direction in ("asc", "desc"):
            asked = {"sortBy": order, "sortOrder": direction}
            whole = await listed(api, **asked)
            assert sorted(whole) == [f"who-{number}" for number in range(1, 6)]
            by_number = [each for page in "123" for each in await listed(api, **asked, pageSize="2", page=page)]
            assert by_number == whole
            rows = (await api.get("/api/v1/customers", params=asked)).json()
            after = await listed(api, **asked, startingAfter=rows[1]["id"], pageSize="2")
            before = await listed(api, **asked, endingBefore=rows[3]["id"], pageSize="2")
            assert (after, before) == (whole[2:4], whole[1:3])
    assert (await listed(api, sortBy="saleAmount"))[0] == "who-5"
    assert (await listed(api, sortBy="subscriptionCanceledAt"))[0] == "who-1"


async def test_filters_find_whom_they_name(api: httpx.AsyncClient) -> None:
    known = await add(api, 1, customerName="Ada Lovelace")
    await add(api, 2)
    await api.patch(f"/api/v1/customers/{known}", json={"country": "gb"})
    for parameters in (
        {"email": "1@example.com"}, {"externalId": "who-1"}, {"search": "lovel"}, {"search": known}, {"country": "GB"},
        {"search": "1@EXAMPLE"},
    ):  # fmt: skip
        assert await listed(api, **parameters) == ["who-1"], parameters
    assert await listed(api, programId="none") == []
    assert (await api.get("/api/v1/customers", params={"linkId": "link_zzz"})).status_code == 404


async def test_an_external_id_belongs_to_one_and_unknown_customers_are_named(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    known = await add(api, 1)
    await add(api, 2)
    taken = await api.patch(f"/api/v1/customers/{known}", json={"externalId": "who-2"})
    assert (taken.status_code, "externalId" in taken.text) == (409, True)
    for answer in (
        await stranger.get(f"/api/v1/customers/{known}"),
        await stranger.patch(f"/api/v1/customers/{known}", json={"name": "x"}),
        await stranger.delete(f"/api/v1/customers/{known}"),
        await stranger.get("/api/v1/customers/ext_who-1"),
    ):
        assert answer.status_code == 404
    assert await listed(stranger) == []
    cleared = (await api.patch("/api/v1/customers/ext_who-1", json={"email": None, "externalId": "new"})).json()
    assert (cleared["email"], cleared["externalId"], cleared["id"]) == (None, "new", known)
    wrong = await api.get("/api/v1/customers", params={"startingAfter": "cus_zzz"})
    assert (wrong.status_code, "startingAfter" in wrong.text) == (422, True)


async def test_a_deleted_customers_sales_stay_of_nobody_and_the_invoice_stays_taken(api: httpx.AsyncClient) -> None:
    known = await add(api, 1, invoiceId="in-1", metadata={"of": "one"})
    assert (await api.delete(f"/api/v1/customers/{known}")).json() == {"id": known}
    (row,) = (await api.get("/api/v1/conversions")).json()
    assert (row["customerId"], row["metadata"], row["amount"], row["outcome"]) == (None, None, 10, "unattributed")
    body = {"customerExternalId": "who-1", "amount": 10, "invoiceId": "in-1"}
    again = (await api.post("/api/v1/track/sale", json=body)).json()
    assert (again["customer"], again["sale"]["amount"]) == (None, 10)


async def test_sums_follow_the_workspaces_currency_and_rates(api: httpx.AsyncClient) -> None:
    workspace = (await api.get("/api/v1/workspaces")).json()[0]["id"]
    path = f"/api/v1/workspaces/{workspace}/attribution"
    for amount, currency in ((100, "EUR"), (1000, "jpy"), (5, "kwd")):
        body = {"customerExternalId": "rich", "amount": amount, "currency": currency}
        await api.post("/api/v1/track/sale", json=body)
    first = (await api.get("/api/v1/customers/ext_rich")).json()
    assert first["revenue"] == {"eur": 100, "jpy": 1000, "kwd": 5}
    assert (first["saleAmount"], (await api.get(path)).json()["currency"]) == (100, "eur")
    await api.patch(
        path, json={"exchangeRates": {"jpy": 0.006, "KWD": 3}}
    )  # 1000 yen are 6 euros, 0.005 dinars 1.5 cents
    assert (await api.get("/api/v1/customers/ext_rich")).json()["saleAmount"] == 100 + 600 + 2
    await api.patch(path, json={"currency": "jpy", "exchangeRates": {}})
    assert (await api.get("/api/v1/customers/ext_rich")).json()["saleAmount"] == 1000
    for wrong in ({"currency": "euro"}, {"exchangeRates": {"eur": 0}}, {"windowDays": 0}, {"model": "middle"}):
        assert (await api.patch(path, json=wrong)).status_code == 422


async def test_a_sale_that_waits_for_new_rates_is_summed_up_by_them(
    api: httpx.AsyncClient, engine: AsyncEngine, account: Account
) -> None:
    body = {"customerExternalId": "rich", "amount": 100, "currency": "eur"}
    await api.post("/api/v1/track/sale", json=body)
    async with engine.begin() as changing:
        given = AttributionChange(exchange_rates={"usd": 0.5})
        await settings.change(changing, account.actor.workspace_id, given)
        sale = asyncio.create_task(api.post("/api/v1/track/sale", json={**body, "currency": "usd"}))
        waiting = 0
        while not waiting:
            async with engine.connect() as connection:
                waiting = (await connection.execute(_WAITERS)).scalar_one()
    assert (await sale).status_code == 200
    assert (await api.get("/api/v1/customers/ext_rich")).json()["saleAmount"] == 150
