"""Ending tasks for certain."""

import asyncio
from typing import Any

_AGAIN_SECONDS = 0.5


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks, and return when all have ended; what they raised is theirs to tell.

    A cancellation can be lost, as to `wait_for` in Python 3.11 where what it waits for comes in the same moment: who goes on is
    told again.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_AGAIN_SECONDS)
