"""Track calls that are repeated while origin is killed with -9: each lead and sale is counted once, as a recount says."""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin import ids
from origin.storage.tables import conversions, customer_clicks
from shared.click_event import encode_batch
from tests.factories import Account, new_account
from tests.integration.clicks.asking import new_link
from tests.integration.clicks.processes import Child, origin
from tests.integration.clicks.support import PATH, event, signature
from tests.letters import database_url
from tests.origin_app import EDGE_SECRET, SECRET_KEY

KILLS = int(os.environ.get("NEARHOP_CONVERSION_KILLS", "3"))
PEOPLE = 60
SALES = 4  # of each


class Caller:
    """Calls origin until it answers, as a client that retries does; what was answered is what happened."""

    def __init__(self, child: Child, account: Account) -> None:
        self._base = child.url.removesuffix("/healthz")
        self._headers = {"Authorization": f"Bearer {account.api_key}"}
        self.again = 0
        self.done = 0

    async def post(self, path: str, body: dict[str, Any], key: str = "") -> None:
        """Repeat it until it is answered 200, and once more for one in five."""
        headers = {**self._headers, **({"Idempotency-Key": key} if key else {})}
        times = 2 if random.Random(str(body)).random() < 0.2 else 1
        await self._until(times, lambda http: http.post(f"{self._base}/api/v1{path}", json=body, headers=headers), 200)

    async def clicks(self, batch_id: str, clicks: list[Any]) -> None:
        """Send a batch as an edge does."""
        body = encode_batch(batch_id, "edge", clicks)
        await self._until(
            1,
            lambda http: http.post(f"{self._base}{PATH}", content=body, headers={"Nearhop-Signature": signature(body)}),
            202,
        )

    async def _until(self, times: int, call: Callable[[httpx.AsyncClient], Any], status: int) -> None:
        async with httpx.AsyncClient(timeout=20) as http:
            while times:
                try:
                    answer = await call(http)
                except httpx.TransportError:
                    answer = None
                if answer is not None and answer.status_code == status:
                    times -= 1
                    continue
                assert answer is None or answer.status_code in {429, 503}, answer.text
                self.again += 1
                await asyncio.sleep(0.1)
        self.done += 1


async def one_person(
    caller: Caller, number: int, links: list[int], workspace: int, paid: Counter[tuple[str, int]]
) -> None:
    """A click, a lead, sales; the click arrives before or after what came of it."""
    rng = random.Random(number)
    link, click_id = rng.choice(links), f"edge{workspace}-t{number}"
    click = event(id=click_id, link=link, workspace=workspace, at=int(time.time() * 1000) - 1000)
    late = rng.random() < 0.5
    if not late:
        await caller.clicks(f"batch-{workspace}-{number}", [click])
    lead = {"clickId": click_id, "eventName": "Sign up", "customerExternalId": f"p{number}"}
    await caller.post("/track/lead", lead)
    for sale in range(SALES):
        body: dict[str, Any] = {"customerExternalId": f"p{number}", "amount": rng.randint(1, 999)}
        key = ""
        if sale % 2:
            body["invoiceId"] = f"in-{workspace}-{number}-{sale}"
        else:
            key = f"key-{workspace}-{number}-{sale}"
        await caller.post("/track/sale", body, key)
        paid["sales", link] += 1
        paid["paid", link] += body["amount"]
    if late:
        await caller.clicks(f"batch-{workspace}-{number}", [click])
    paid["leads", link] += 1


async def test_conversions_are_counted_once_through_kills(
    tmp_path: Path, engine: AsyncEngine, free_port: Callable[[], int]
) -> None:
    account = await new_account(engine)
    workspace = account.actor.workspace_id
    links = [await new_link(engine, account, f"fault-{number}-{time.time_ns()}") for number in range(5)]
    environ = {
        "DATABASE_URL": database_url(engine), "NEARHOP_SECRET_KEY": SECRET_KEY, "NEARHOP_EDGE_SECRET": EDGE_SECRET,
    }  # fmt: skip
    child = origin(tmp_path / "origin", free_port(), tmp_path / "origin.log", environ)
    caller, paid = Caller(child, account), Counter[tuple[str, int]]()
    await child.start()
    try:
        await under_fire(child, caller, links, workspace, paid)
        await settled(engine, workspace)
        async with httpx.AsyncClient(timeout=30) as http:
            base = child.url.removesuffix("/healthz")
            headers = {"Authorization": f"Bearer {account.api_key}"}
            asked = {"event": "composite", "groupBy": "top_links"}
            rows = (await http.get(f"{base}/api/v1/analytics", params=asked, headers=headers)).json()
            accounting = (await http.get(f"{base}/api/v1/conversions/accounting", headers=headers)).json()
    finally:
        await child.stop()
    found = {row["id"]: (row["clicks"], row["leads"], row["sales"], row["saleAmount"]) for row in rows}
    assert found == {
        ids.public(ids.LINK, link): (paid["leads", link], paid["leads", link], paid["sales", link], paid["paid", link])
        for link in links
        if paid["leads", link]
    }
    assert caller.again > 0, "no call was hit by a kill"
    assert accounting["leads"]["counted"]["events"] == PEOPLE
    assert accounting["sales"]["counted"]["events"] == PEOPLE * SALES
    assert accounting["sales"]["unattributed"]["events"] == accounting["sales"]["pending"]["events"] == 0


async def under_fire(
    child: Child, caller: Caller, links: list[int], workspace: int, paid: Counter[tuple[str, int]]
) -> None:
    """All people, some at a time, while origin is killed again and again."""
    waiting = iter(range(PEOPLE))

    async def some() -> None:
        for number in waiting:
            await one_person(caller, number, links, workspace, paid)

    working = asyncio.gather(*(some() for _ in range(6)))
    every = PEOPLE * (SALES + 2) / (KILLS + 1)
    for kill in range(KILLS):
        while caller.done < every * (kill + 1) and not working.done():
            await asyncio.sleep(0.005)
        await child.kill()
        await child.start()
    await working
    await child.kill()  # with what is on its way to ClickHouse
    await child.start()


async def settled(engine: AsyncEngine, workspace: int) -> None:
    """Wait until ClickHouse has everything."""
    left = (
        sa.select(sa.func.count())
        .select_from(conversions)
        .where(
            conversions.c.workspace_id == workspace,
            sa.or_(
                conversions.c.outcome == "pending",
                sa.and_(conversions.c.outcome == "counted", conversions.c.stored_at.is_(None)),
            ),
        )
    )
    sought = (
        sa.select(sa.func.count())
        .select_from(customer_clicks)
        .where(customer_clicks.c.workspace_id == workspace, customer_clicks.c.look_at.isnot(None))
    )
    async with asyncio.timeout(90):
        while True:
            async with engine.connect() as connection:
                if (
                    not (await connection.execute(left)).scalar_one()
                    and not (await connection.execute(sought)).scalar_one()
                ):
                    return
            await asyncio.sleep(0.1)
