"""Queueing a job on the caller's own transaction: it is there when the change is, and gone when that is rolled back."""

from typing import Any

import procrastinate
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

# The argument that names the request which queued the job, for the job's log lines.
REQUEST_ID = "_request_id"

# Never opened: it only writes statements, which run on the caller's connection.
_app = procrastinate.App(connector=procrastinate.PsycopgConnector())


async def enqueue(connection: AsyncConnection, task: str, **arguments: Any) -> None:
    """Queue a task by its name. Arguments are JSON and are logged, so they name things by id and hold no secret."""
    assert connection.in_transaction()  # SQLAlchemy does not see what is written below it, and would not commit it
    raw = await connection.get_raw_connection()
    asked_by = structlog.contextvars.get_contextvars().get("request_id")
    if asked_by is not None:
        arguments[REQUEST_ID] = asked_by
    await _app.configure_task(task, connection=raw.driver_connection).defer_async(**arguments)
