"""Queueing a job on the caller's own transaction: it is there when the change is, and gone when that is rolled back."""

from typing import Any

import procrastinate
from sqlalchemy.ext.asyncio import AsyncConnection

# Never opened: it only writes statements, which run on the caller's connection.
_app = procrastinate.App(connector=procrastinate.PsycopgConnector())


async def enqueue(connection: AsyncConnection, task: str, **arguments: Any) -> None:
    """Queue a task by its name. Arguments are JSON and are logged, so they name things by id and hold no secret."""
    assert connection.in_transaction()  # SQLAlchemy does not see what is written below it, and would not commit it
    raw = await connection.get_raw_connection()
    await _app.configure_task(task, connection=raw.driver_connection).defer_async(**arguments)
