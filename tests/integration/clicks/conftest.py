"""One engine per process and path: each test opens an embedded ClickHouse of its own, one after the other. Tests that
kill its process, or need two at once, run it in a subprocess.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.storage.engine import make_engine
from tests.integration.clicks.support import Stack, running


@pytest.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    made = make_engine(postgres_url)
    yield made
    await made.dispose()


@pytest.fixture
async def stack(home: Path, engine: AsyncEngine) -> AsyncIterator[Stack]:
    async with running(home, engine) as made:
        yield made
