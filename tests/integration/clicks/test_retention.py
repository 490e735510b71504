from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.plans import days_of_plans
from origin.storage.tables import workspaces
from shared.errors import BadSetting
from tests.factories import Account, new_account
from tests.integration.clicks.support import Stack, event, running

DAY_MS = 86_400_000
TABLES = {
    "clicks": "count()",
    "link_counts": "sumIf(requests, link_id = 0)",
    "visitor_days": "uniqMerge(visitors)",
    "dimension_spans": "sumIf(clicks, dimension = 'country' AND span = 'day')",
    "link_days": "sum(clicks)",
    "audience_days": "sum(clicks)",
}


async def put_on_plan(engine: AsyncEngine, account: Account, plan: str) -> None:
    async with engine.begin() as connection:
        change = sa.update(workspaces).where(workspaces.c.id == account.actor.workspace_id).values(plan=plan)
        await connection.execute(change)


async def left(stack: Stack, account: Account) -> list[int]:
    """What each table has of the workspace once ClickHouse has merged."""
    found = []
    for table, count in TABLES.items():
        await stack.clickhouse.command(f"OPTIMIZE TABLE {table} FINAL")
        found.append(
            await stack.scalar(f"SELECT {count} FROM {table} WHERE workspace_id = {account.actor.workspace_id}")
        )
    return found


async def send(stack: Stack, account: Account, *days: int) -> None:
    workspace, now = account.actor.workspace_id, event()["at"]
    await stack.send(
        [event(workspace=workspace, at=now - day * DAY_MS, ip=f"192.0.2.{day}", country="DE") for day in days]
    )
    await stack.drained()


async def test_clicks_and_their_counts_go_when_the_plan_keeps_them_no_longer(home: Path, engine: AsyncEngine) -> None:
    free, paid = await new_account(engine), await new_account(engine)
    await put_on_plan(engine, paid, "pro")
    async with running(home, engine, click_retention=("free=5",)) as stack:
        await send(stack, free, 0, 1, 8, 9, 20)
        await send(stack, paid, 0, 1, 8, 9, 20)
        assert await left(stack, free) == [2] * len(TABLES)
        assert await left(stack, paid) == [5] * len(TABLES)


async def test_a_change_of_plan_reaches_what_is_stored(home: Path, engine: AsyncEngine) -> None:
    account = await new_account(engine)
    await put_on_plan(engine, account, "pro")
    async with running(home, engine, click_retention=("free=5", "pro=25")) as stack:
        await send(stack, account, 0, 20, 27)
        assert await left(stack, account) == [2] * len(TABLES)
        await put_on_plan(engine, account, "free")
        assert await stack.pipeline.retention.apply() == 1
        await finished(stack)
        assert await left(stack, account) == [1] * len(TABLES)
        assert await stack.pipeline.retention.apply() == 0, "it is done"


@pytest.mark.parametrize(
    ("plans", "before", "after", "days"),
    [(("free=30", "pro=365"), "free", "pro", 365), (("free=30",), "pro", "free", 30)],
    ids=["upgrade", "no limit before"],
)
async def test_a_change_of_plan_reaches_what_is_stored_when_a_click_under_the_new_plan_came_first(
    home: Path,
    engine: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
    plans: tuple[str, ...],
    before: str,
    after: str,
    days: int,
) -> None:
    monkeypatch.setattr("origin.clicks.retention._REMEMBER_SECONDS", 0.0)
    account = await new_account(engine)
    await put_on_plan(engine, account, before)
    async with running(home, engine, click_retention=plans) as stack:
        await send(stack, account, 2, 20)
        await put_on_plan(engine, account, after)
        await send(stack, account, 0)
        await stack.pipeline.retention.apply()  # the drain, which looks now and then, may have been first
        await finished(stack)
        for table in TABLES:
            values = f"SELECT groupUniqArray(keep_days) FROM {table} WHERE workspace_id = {account.actor.workspace_id}"
            assert list(await stack.scalar(values)) == [days], table
        assert await stack.pipeline.retention.apply() == 0, "it is done"


async def finished(stack: Stack) -> None:
    """Wait for the mutations: a further one that waits ends after them."""
    for table in TABLES:
        await stack.clickhouse.command(f"ALTER TABLE {table} DELETE WHERE 0 SETTINGS mutations_sync = 1")


def test_a_setting_that_names_no_days_is_refused() -> None:
    assert days_of_plans(("free=30", "pro=365"), "NEARHOP_X") == {"free": 30, "pro": 365}
    for wrong in ("free", "free=", "=3", "free=0", "free=x", "free=9999"):
        with pytest.raises(BadSetting, match="NEARHOP_X"):
            days_of_plans((wrong,), "NEARHOP_X")
