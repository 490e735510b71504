"""Transactions that Postgres ended for the sake of others: what they did is undone whole, so they can be done again."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg
import sqlalchemy as sa
from prometheus_client import Counter

T = TypeVar("T")

AGAIN = Counter(
    "nearhop_transactions_again_total", "Transactions done again after a deadlock or a serialization failure."
)
_TIMES = 5
_WAIT_SECONDS = 0.05


async def again_after_deadlock(work: Callable[[], Awaitable[T]]) -> T:
    """Do the work, and up to four times more where its transaction was ended by a deadlock or a serialization failure.

    The work begins its transaction itself, and does nothing outside of it that may not be done twice.
    """
    for done in range(1, _TIMES):
        try:
            return await work()
        except sa.exc.OperationalError as error:
            if not isinstance(error.orig, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure):
                raise
            AGAIN.inc()
        # A little apart, or those who met would meet again.
        await asyncio.sleep(random.uniform(0, _WAIT_SECONDS * done))  # noqa: S311  # any will do
    return await work()
