"""What can't be credited keeps up nothing else."""

import asyncio
import itertools
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.clicks import enrich
from origin.conversions.drain import FAILURES, ConversionDrain
from origin.conversions.facts import FACTS, FoundClick, StoredClicks
from origin.storage.tables import customer_clicks
from tests.factories import new_account
from tests.integration.clicks.asking import new_link
from tests.integration.clicks.support import Stack
from tests.integration.clicks.tracking import Tracker

_numbers = itertools.count()


@pytest.fixture
async def tracker(stack: Stack, engine: AsyncEngine) -> Tracker:
    return Tracker(stack, await new_account(engine))


@pytest.fixture
async def link(tracker: Tracker, engine: AsyncEngine) -> int:
    return await new_link(engine, tracker.account, f"drain-{next(_numbers)}-{time.time_ns()}")


@dataclass
class Clicks:
    """A ClickFinder that has these."""

    ids: dict[str, FoundClick] = field(default_factory=dict)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def find(self, workspace_id: int, click_ids: Collection[str]) -> Mapping[str, FoundClick]:
        del workspace_id
        self.asked.set()
        await self.answer.wait()
        return {name: self.ids[name] for name in click_ids if name in self.ids}


def found(link: int, path: str = "") -> FoundClick:
    facts: dict[str, Any] = {**dict.fromkeys(FACTS, ""), "parameters": {}, "path": path}
    facts |= {"latitude": None, "longitude": None, "asn": 0, "variant": 0, "rule": 0, "visitor": 1}
    return FoundClick(link, datetime.now(UTC), facts)


async def test_a_click_whose_parameter_has_a_zero_character_is_credited(
    tracker: Tracker, link: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrich, "parameters_of", lambda *_: {"ref": "\0a", "v\0ia": "b"})  # as it was stored formerly
    click = await tracker.clicked(link)
    await tracker.lead(click)
    await tracker.settle()
    assert await tracker.stored() == {("lead", link): (1, 0)}
    (row,) = await tracker.stack.clickhouse.query(
        f"SELECT parameters FROM conversion_credits FINAL WHERE workspace_id = {tracker.workspace} AND model = 'last'"
    )
    assert row["parameters"] == {"ref": "a", "via": "b"}


async def test_a_click_that_postgres_refuses_keeps_up_no_other(
    tracker: Tracker, link: int, engine: AsyncEngine
) -> None:
    await tracker.stack.conversions.stop()
    other = Tracker(tracker.stack, await new_account(engine))
    names = [f"edge{tracker.workspace}-t{number}" for number in (9001, 9002)]
    theirs = f"edge{other.workspace}-t9001"
    for who, name in enumerate(names):
        await tracker.lead(name, who=str(who))
    await other.lead(theirs)
    clicks = Clicks({names[0]: found(link, "\0"), names[1]: found(link), theirs: found(link)})
    clicks.answer.set()
    drain = ConversionDrain(engine, tracker.stack.clickhouse, clicks, tracker.stack.pipeline.retention)
    before = FAILURES._value.get()
    assert await drain.work()
    assert await tracker.outcomes() == {"counted": 1, "pending": 1}
    assert await other.stored() == {("lead", link): (1, 0)}
    assert FAILURES._value.get() > before
    async with engine.connect() as connection:  # and it is looked for again
        mine = sa.select(customer_clicks.c.look_at).where(customer_clicks.c.click_id == names[0])
        assert (await connection.execute(mine)).scalar_one() is not None


async def test_what_is_credited_is_stored_while_no_click_can_be_looked_for(
    tracker: Tracker, link: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tracker.stack.conversions.stop()

    async def refuses(*_: object) -> bool:
        raise sa.exc.OperationalError("look", {}, Exception("deadlock detected"))

    monkeypatch.setattr(tracker.stack.conversions, "_seek", refuses)
    await tracker.lead(await tracker.clicked(link))
    assert await tracker.stack.conversions.work()
    assert await tracker.stored() == {("lead", link): (1, 0)}


async def test_a_customer_is_deleted_while_clicks_are_looked_for(
    tracker: Tracker, link: int, engine: AsyncEngine
) -> None:
    await tracker.stack.conversions.stop()
    name = f"edge{tracker.workspace}-t9001"
    await tracker.lead(name)
    clicks = Clicks({name: found(link)})
    drain = ConversionDrain(engine, tracker.stack.clickhouse, clicks, tracker.stack.pipeline.retention)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        working = group.create_task(drain.work())
        await clicks.asked.wait()
        async with tracker.stack.client(tracker.account.api_key) as http:
            answer = await asyncio.wait_for(http.delete("/api/v1/customers/ext_one"), 20)  # it waits for nobody
        assert answer.status_code == 200
        clicks.answer.set()
        await working
    assert await tracker.outcomes() == {"unattributed": 1}


async def test_clicks_that_are_looked_for_at_once_are_one_question_and_each_workspace_finds_its_own(
    tracker: Tracker, link: int, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tracker.stack.conversions.stop()
    other = Tracker(tracker.stack, await new_account(engine))
    ids = [await tracker.clicked(link) for _ in range(5)]
    clickhouse, asked = tracker.stack.clickhouse, list[str]()
    query = clickhouse.query

    async def counted(sql: str, *values: Any, **more: Any) -> Any:
        asked.append(sql)
        return await query(sql, *values, **more)

    monkeypatch.setattr(clickhouse, "query", counted)
    clicks = StoredClicks(clickhouse)
    both = [clicks.find(who.workspace, [each]) for who in (tracker, other) for each in ids]
    answers = await asyncio.gather(*both)
    assert [set(each) for each in answers] == [{each} for each in ids] + [set()] * 5
    assert len(asked) == 2  # where they are, and what they are


async def test_who_leaves_takes_nobody_elses_clicks_along(tracker: Tracker, link: int) -> None:
    await tracker.stack.conversions.stop()
    ids = [await tracker.clicked(link) for _ in range(3)]
    clicks = StoredClicks(tracker.stack.clickhouse)
    first, leaves, stays = (asyncio.create_task(clicks.find(tracker.workspace, [each])) for each in ids)
    await asyncio.sleep(0)
    first.cancel()
    leaves.cancel()
    assert set(await stays) == {ids[2]}
    assert set(await clicks.find(tracker.workspace, ids)) == set(ids)


async def test_it_stops_also_when_something_new_comes_in_the_same_moment(tracker: Tracker) -> None:
    await tracker.settle()
    await asyncio.sleep(0.6)  # it waits for something new
    tracker.stack.conversions.wake()
    stopping = asyncio.create_task(tracker.stack.conversions.stop())
    done, _ = await asyncio.wait([stopping], timeout=20)
    assert done, "its cancellation was lost"
