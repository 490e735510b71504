"""Origin's API on a real Postgres."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin.storage.engine import make_engine
from tests.factories import Account, new_account
from tests.origin_app import make_app, make_client


@pytest.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    made = make_engine(postgres_url)
    yield made
    await made.dispose()


@pytest.fixture
async def app(engine: AsyncEngine) -> Starlette:
    return make_app(engine)


@pytest.fixture
async def account(engine: AsyncEngine) -> Account:
    return await new_account(engine)


@pytest.fixture
async def api(app: Starlette, account: Account) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the account's API key."""
    async with make_client(app, account.api_key) as client:
        yield client


@pytest.fixture
async def stranger(app: Starlette, engine: AsyncEngine) -> AsyncIterator[httpx.AsyncClient]:
    """A client of another account."""
    other = await new_account(engine)
    async with make_client(app, other.api_key) as client:
        yield client
