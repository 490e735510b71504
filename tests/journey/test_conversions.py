"""From a visit at the edge to revenue: the sale is told before its click has left the edge's buffer."""

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from deploy.local.stack import Stack
from tests.integration.clicks.support import CHROME

pytestmark = pytest.mark.stack
_PATIENCE_SECONDS = 60.0


def test_a_sale_is_credited_to_the_link_that_was_visited(stack: Stack, api: httpx.Client) -> None:
    body = {"url": "https://shop.example.com/?a=1", "key": "bought", "trackConversion": True}
    link = api.post("/links", json=body).json()
    visit = httpx.get(f"{stack.url('edge')}/bought", headers={"User-Agent": CHROME}, timeout=30)
    query = parse_qs(urlsplit(visit.headers["location"]).query)
    assert query["a"] == ["1"]
    (click_id,) = query["nh_id"]
    lead = {"clickId": click_id, "eventName": "Sign up", "customerExternalId": "journey"}
    assert api.post("/track/lead", json=lead).status_code == 200
    sale = {"customerExternalId": "journey", "amount": 4200, "currency": "eur", "invoiceId": "journey-1"}
    for _ in range(2):
        assert api.post("/track/sale", json=sale).status_code == 200
    row = counted(api, link["id"])
    assert (row["clicks"], row["leads"], row["sales"], row["revenue"]) == (1, 1, 1, {"eur": 4200})
    shown = api.get("/links/info", params={"linkId": link["id"]}).json()
    assert (shown["clicks"], shown["leads"], shown["conversions"], shown["sales"], shown["saleAmount"]) == (
        1,
        1,
        1,
        1,
        4200,
    )
    customer = api.get("/customers/ext_journey", params={"includeExpandedFields": "true"}).json()
    assert (customer["link"]["id"], customer["sales"]) == (link["id"], 1)


def counted(api: httpx.Client, link_id: str) -> dict[str, Any]:
    """The link's row once its click and what came of it are there."""
    end = time.monotonic() + _PATIENCE_SECONDS
    asked = {"event": "composite", "groupBy": "top_links", "linkId": link_id}
    while True:
        rows: list[dict[str, Any]] = api.get("/analytics", params=asked).json()
        if rows and rows[0]["clicks"] and rows[0]["sales"]:
            return rows[0]
        assert time.monotonic() < end, rows
        time.sleep(0.2)
