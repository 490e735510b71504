"""Which links are popular: ranked by the clicks of the last days over all workspaces, and kept while ClickHouse is away."""

import time
from collections.abc import Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.clicks.popular import PopularLinks
from origin.storage.clickhouse import ClickHouse, ClickHouseUnavailable
from tests.integration.clicks.support import Stack, event

_DAY = 86_400


@pytest.fixture(autouse=True)
async def nothing_ranked(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE popular_links SET link_ids = '{}', ranked_at = NULL, looked_at = NULL"))


async def ranking(engine: AsyncEngine) -> Sequence[int]:
    async with engine.connect() as connection:
        found: Sequence[int] = (await connection.execute(text("SELECT link_ids FROM popular_links"))).scalar_one()
    return found


async def clicked(stack: Stack, clicks: dict[int, int], days_ago: int = 0, workspace_id: int = 1) -> None:
    at = int((time.time() - days_ago * _DAY) * 1000)
    await stack.send(
        [
            event(link=link, workspace=workspace_id, at=at, ip=f"198.51.{link % 250}.7")
            for link, count in clicks.items()
            for _ in range(count)
        ]
    )
    await stack.drained()


async def test_links_are_ranked_by_their_late_clicks_over_all_workspaces(stack: Stack, engine: AsyncEngine) -> None:
    await clicked(stack, {1: 3, 2: 5})
    await clicked(stack, {3: 4}, workspace_id=2)
    await clicked(stack, {4: 12}, days_ago=2)  # counts as three
    await clicked(stack, {5: 99}, days_ago=30)
    popular = PopularLinks(engine, stack.clickhouse, 4)
    assert await popular.rank(0)
    assert list(await ranking(engine)) == [2, 3, 1, 4]
    assert await PopularLinks(engine, stack.clickhouse, 2).rank(0)
    assert list(await ranking(engine)) == [2, 3]


async def test_a_ranking_that_brings_hardly_anything_new_is_not_kept(stack: Stack, engine: AsyncEngine) -> None:
    popular = PopularLinks(engine, stack.clickhouse, 1_000)
    await clicked(stack, dict.fromkeys(range(1, 301), 1))
    assert await popular.rank(0)
    await clicked(stack, {301: 5, 302: 5})
    assert not await popular.rank(0)
    await clicked(stack, dict.fromkeys(range(303, 320), 1))
    assert await popular.rank(0)


async def test_one_of_all_processes_ranks(stack: Stack, engine: AsyncEngine) -> None:
    await clicked(stack, {1: 1})
    assert await PopularLinks(engine, stack.clickhouse, 10).rank(600)
    await clicked(stack, {2: 1})
    assert not await PopularLinks(engine, stack.clickhouse, 10).rank(600)
    assert list(await ranking(engine)) == [1]


async def test_while_clickhouse_is_away_the_ranking_stays_and_is_tried_again(stack: Stack, engine: AsyncEngine) -> None:
    await clicked(stack, {1: 1})
    popular = PopularLinks(engine, stack.clickhouse, 10)
    assert await popular.rank(0)
    away = PopularLinks(engine, ClickHouse(stack.clickhouse._folder.with_name("nowhere")), 10)
    for _ in range(2):
        with pytest.raises(ClickHouseUnavailable):
            await away.rank(0)
    assert list(await ranking(engine)) == [1]
    await clicked(stack, {2: 1})
    assert await popular.rank(600)
