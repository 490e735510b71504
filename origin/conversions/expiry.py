"""Forgetting conversions that are older than a workspace's plan keeps clicks. ClickHouse does so by itself, by its TTL."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.storage import named_sql

_SQL = {name: sa.text(text) for name, text in named_sql.load(Path(__file__).with_name("erasing.sql")).items()}


async def expire(engine: AsyncEngine, days: Mapping[int, int]) -> None:
    """Forget what is too old, by the days of each workspace; those that keep everything are left out of it."""
    by_days: defaultdict[int, list[int]] = defaultdict(list)
    for workspace, number in days.items():
        by_days[number].append(workspace)
    for number, workspaces in by_days.items():
        async with engine.begin() as connection:
            for name in ("expire_duplicates", "expire_conversions", "expire_clicks"):
                await connection.execute(_SQL[name], {"workspaces": workspaces, "days": number})
