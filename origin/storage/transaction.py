"""The transaction of a request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.requests import Request


@asynccontextmanager
async def transaction(request: Request) -> AsyncIterator[AsyncConnection]:
    """A connection inside a transaction: the one that an Idempotency-Key has opened, or a new one, committed at the end."""
    held: AsyncConnection | None = getattr(request.state, "connection", None)
    if held is not None:
        yield held
        return
    engine: AsyncEngine = request.app.state.engine
    async with engine.begin() as connection:
        yield connection
