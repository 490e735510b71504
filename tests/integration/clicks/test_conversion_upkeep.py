"""Leads and sales are forgotten with what they are of, kept as long as the plan says, and made again from Postgres."""

import itertools
import time

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin import ids
from origin.clicks.erasing import Eraser
from origin.clicks.visitors import VisitorHash
from origin.conversions.erasing import ConversionEraser, send_again
from origin.conversions.expiry import expire
from origin.storage.rollups import delete
from origin.storage.tables import conversions, customer_clicks, customers
from tests.factories import new_account
from tests.integration.clicks.asking import new_link
from tests.integration.clicks.support import CHROME, Stack
from tests.integration.clicks.tracking import Tracker
from tests.origin_app import SECRET_KEY

_numbers = itertools.count()


@pytest.fixture
async def tracker(stack: Stack, engine: AsyncEngine) -> Tracker:
    return Tracker(stack, await new_account(engine))


@pytest.fixture
async def links(tracker: Tracker, engine: AsyncEngine) -> list[int]:
    return [await new_link(engine, tracker.account, f"up-{next(_numbers)}-{time.time_ns()}") for _ in range(2)]


@pytest.fixture
def eraser(stack: Stack, engine: AsyncEngine) -> Eraser:
    return Eraser(stack.clickhouse, VisitorHash(SECRET_KEY), ConversionEraser(engine, stack.clickhouse))


async def kept(engine: AsyncEngine, workspace: int) -> tuple[int, int, int]:
    """How many customers, clicks and conversions Postgres has of a workspace."""
    async with engine.connect() as connection:
        found = []
        for table in (customers, customer_clicks, conversions):
            mine = sa.select(sa.func.count()).where(table.c.workspace_id == workspace)
            found.append((await connection.execute(mine)).scalar_one())
    return found[0], found[1], found[2]


async def test_events_of_an_erased_link_are_credited_to_what_is_left(
    tracker: Tracker, links: list[int], eraser: Eraser
) -> None:
    await tracker.lead(await tracker.clicked(links[0], ago_ms=60_000), who="both", name="A")
    await tracker.lead(await tracker.clicked(links[1], ago_ms=30_000), who="both", name="B")
    await tracker.lead(await tracker.clicked(links[1]), who="one")
    await tracker.sale(who="both", amount=9)
    await tracker.settle()
    assert (await tracker.stored())["sale", links[1]] == (1, 9)
    for _ in range(2):  # the second time there is nothing left to do
        await eraser.link(tracker.workspace, links[1])
    tracker.stack.conversions.wake()
    await tracker.settle()
    assert await tracker.stored() == {("lead", links[0]): (2, 0), ("sale", links[0]): (1, 9)}
    assert await tracker.stored("first") == await tracker.stored()
    assert await tracker.outcomes() == {"counted": 3, "unattributed": 1}


@pytest.mark.parametrize("erased", [0, 1])
async def test_an_event_of_a_deleted_customer_is_credited_to_the_click_that_is_left(
    tracker: Tracker, links: list[int], eraser: Eraser, erased: int
) -> None:
    for number, link in enumerate(links):
        await tracker.lead(await tracker.clicked(link, ago_ms=60_000 - number), name=str(number), mode="deferred")
    await tracker.sale(amount=9)
    await tracker.settle()
    async with tracker.stack.client(tracker.account.api_key) as http:
        assert (await http.delete("/api/v1/customers/ext_one")).status_code == 200
    await tracker.settle()
    assert (set(await tracker.stored("first")), set(await tracker.stored())) == (
        {("sale", links[0])},
        {("sale", links[1])},
    )
    await eraser.link(tracker.workspace, links[erased])
    tracker.stack.conversions.wake()
    await tracker.settle()
    left = {("sale", links[1 - erased]): (1, 9)}
    assert (await tracker.stored("first"), await tracker.stored()) == (left, left)
    await eraser.link(tracker.workspace, links[1 - erased])
    assert (await tracker.stored(), await tracker.outcomes()) == ({}, {"unattributed": 1})


async def test_an_erased_visitors_clicks_credit_nothing_any_more(
    tracker: Tracker, links: list[int], eraser: Eraser
) -> None:
    await tracker.lead(await tracker.clicked(links[0], ip="198.51.100.80"), who="gone")
    await tracker.lead(await tracker.clicked(links[0], ip="198.51.100.81"), who="stays")
    await tracker.settle()
    await eraser.visitor(tracker.workspace, "198.51.100.80", CHROME)
    assert await tracker.stored() == {("lead", links[0]): (1, 0)}
    assert await tracker.outcomes() == {"counted": 1, "unattributed": 1}


async def test_an_erased_visitor_is_forgotten_where_only_customers_still_have_the_clicks(
    tracker: Tracker, links: list[int], eraser: Eraser, engine: AsyncEngine
) -> None:
    for who, days, more in (("first", 5, {"mode": "deferred"}), ("second", 3, {})):
        click = await tracker.clicked(links[0], ago_ms=days * 86_400_000, ip="198.51.100.80")
        await tracker.lead(click, who=who, **more)
    await tracker.settle()
    old = "workspace_id = {workspace:UInt64}"
    await delete(tracker.stack.clickhouse, "clicks", old, {"workspace": tracker.workspace})  # they have expired
    await tracker.lead(await tracker.clicked(links[0], ip="198.51.100.81"), who="stays")
    await tracker.settle()
    await eraser.visitor(tracker.workspace, "198.51.100.80", CHROME)
    assert await tracker.stored() == {("lead", links[0]): (1, 0)}
    assert await kept(engine, tracker.workspace) == (3, 1, 2)
    await eraser.workspace(tracker.workspace)
    await eraser.visitor(tracker.workspace, "198.51.100.80", CHROME)  # where nothing is


async def test_an_erased_customer_or_workspace_leaves_nothing(
    tracker: Tracker, links: list[int], eraser: Eraser, engine: AsyncEngine
) -> None:
    for who in ("one", "two"):
        await tracker.lead(await tracker.clicked(links[0]), who=who)
        sold = await tracker.sale(who=who, amount=5)
    await tracker.settle()
    number = ids.parse(ids.CUSTOMER, sold["customer"]["id"])
    assert number is not None
    await eraser.customer(tracker.workspace, number)
    assert await tracker.stored() == {("lead", links[0]): (1, 0), ("sale", links[0]): (1, 5)}
    assert await kept(engine, tracker.workspace) == (1, 1, 2)
    await eraser.workspace(tracker.workspace)
    assert await tracker.stored() == {}
    assert await kept(engine, tracker.workspace) == (0, 0, 0)
    assert (
        await tracker.stack.scalar(f"SELECT count() FROM tracked_clicks WHERE workspace_id = {tracker.workspace}") == 0
    )


async def test_what_clickhouse_has_is_made_again_from_postgres(
    tracker: Tracker, links: list[int], engine: AsyncEngine
) -> None:
    await tracker.lead(await tracker.clicked(links[0]))
    await tracker.sale(amount=5)
    await tracker.settle()
    before = await tracker.stored()
    await send_again(engine, tracker.stack.clickhouse)
    tracker.stack.conversions.wake()
    await tracker.settle()
    assert await tracker.stored() == before != {}


async def test_what_is_older_than_the_plan_keeps_is_forgotten_but_still_known_again(
    tracker: Tracker, links: list[int], engine: AsyncEngine
) -> None:
    await tracker.lead(await tracker.clicked(links[0]), who="old", metadata={"secret": 1})
    await tracker.sale(who="old", amount=5, invoiceId=f"old-{tracker.workspace}")
    await tracker.lead(await tracker.clicked(links[0]), who="new")
    await tracker.settle()
    async with engine.begin() as connection:
        old = sa.select(customers.c.id).where(
            customers.c.workspace_id == tracker.workspace, customers.c.external_id == "old"
        )
        ago = sa.func.now() - sa.text("interval '40 days'")
        for table, column in ((conversions, "occurred_at"), (customer_clicks, "clicked_at")):
            mine = table.c.customer_id == old.scalar_subquery()
            await connection.execute(sa.update(table).where(mine).values({column: ago}))
    await expire(engine, {tracker.workspace: 30})
    assert await tracker.outcomes() == {"counted": 1, "expired": 2}
    assert await kept(engine, tracker.workspace) == (2, 1, 3)
    async with engine.connect() as connection:
        left = sa.select(conversions.c.metadata).where(conversions.c.outcome == "expired")
        assert set((await connection.execute(left)).scalars()) == {None}
    await tracker.sale(who="old", amount=5, invoiceId=f"old-{tracker.workspace}")
    assert (await tracker.outcomes())["duplicate"] == 1
