"""Forgetting entries that are older than they are kept: by the plan of their workspace, and for a while after its end."""

from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.storage import named_sql

_SQL = {name: sa.text(query) for name, query in named_sql.load(Path(__file__).with_name("retention.sql")).items()}
_AT_ONCE = 5_000
DAYS_AFTER_THE_END = 90


async def sweep(engine: AsyncEngine, days_of_plans: Mapping[str, int]) -> int:
    """Delete what has been kept long enough; gives how much. Entries of plans that are not named stay."""
    swept = await _sweep(engine, "ended", {"days": DAYS_AFTER_THE_END})
    for plan, days in days_of_plans.items():
        swept += await _sweep(engine, "of_plan", {"plan": plan, "days": days})
    return swept


async def _sweep(engine: AsyncEngine, query: str, values: dict[str, object]) -> int:
    swept = 0
    while True:
        async with engine.begin() as connection:
            await connection.execute(_SQL["allow"])
            some = (await connection.execute(_SQL[query], {**values, "most": _AT_ONCE})).rowcount
        swept += some
        if some < _AT_ONCE:
            return swept
