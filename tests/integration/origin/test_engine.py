"""Connections to Postgres that it closes while they lie in the pool."""

from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.storage import engine as engines
from origin.storage.engine import make_engine

PID, CLOSE = sa.text("SELECT pg_backend_pid()"), sa.text("SELECT pg_terminate_backend(:pid, 5000)")


@pytest.fixture
async def pool(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(postgres_url, pool_size=3)
    yield engine
    await engine.dispose()


async def pid_of(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        pid: int = (await connection.execute(PID)).scalar_one()
        return pid


async def close_another(engine: AsyncEngine, postgres_url: str) -> int:
    """Have Postgres close the connection that the pool would use next; returns its number."""
    pid = await pid_of(engine)
    other = make_engine(postgres_url)
    async with other.connect() as connection:
        assert (await connection.execute(CLOSE, {"pid": pid})).scalar_one()
    await other.dispose()
    return pid


async def test_a_connection_that_was_closed_while_it_lay_idle_is_replaced_before_it_is_used(
    pool: AsyncEngine, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_TRUSTED_SECONDS", 0.0)
    closed = await close_another(pool, postgres_url)
    assert await pid_of(pool) != closed


async def test_one_that_was_in_use_a_moment_ago_is_not_tested_and_fails_only_once(
    pool: AsyncEngine, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_TRUSTED_SECONDS", 3600.0)
    asked: list[object] = []
    monkeypatch.setattr(pool.dialect, "do_ping", asked.append)
    closed = await close_another(pool, postgres_url)
    with pytest.raises(sa.exc.OperationalError):
        await pid_of(pool)
    assert await pid_of(pool) != closed
    assert asked == []
