"""The transaction of a request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.requests import Request

from origin.storage.replicas import Replicas


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


@asynccontextmanager
async def reading(request: Request, workspace_id: int) -> AsyncIterator[AsyncConnection]:
    """A connection for what may lag behind, but never behind the workspace's own changes: a replica's where one has those.

    Each statement is by itself: one sees what was committed before it inside of a transaction as well, which would ask
    Postgres twice more.
    """
    replicas = replicas_of(request)
    if replicas is not None:
        async with replicas.reading(workspace_id) as connection:
            if connection is not None:
                yield connection
                return
    held: AsyncConnection | None = getattr(request.state, "connection", None)
    if held is not None:
        yield held
        return
    engine: AsyncEngine = request.app.state.engine
    async with engine.connect() as connection:
        yield await connection.execution_options(isolation_level="AUTOCOMMIT")


def replicas_of(request: Request) -> Replicas | None:
    """The installation's read replicas, if it has any."""
    return getattr(request.app.state, "replicas", None)
