"""Slow computations in threads: a few at once, some more waiting, and no crowd."""

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple, Unpack

from anyio import CapacityLimiter, to_thread

from origin.problems import Unavailable

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


class BoundedThreads:
    """Runs `at_once` calls at the same time; `waiting` more may queue for them."""

    def __init__(self, at_once: int, waiting: int, crowded: str) -> None:
        self._limiter = CapacityLimiter(at_once)
        self._most = at_once + waiting
        self._crowded = crowded
        # Counted here: the limiter does not know yet of calls that came within the same turn of the event loop.
        self._inside = 0

    async def run(self, function: Callable[[Unpack[Arguments]], T], *arguments: *Arguments) -> T:
        """The function's result; raises Unavailable, with the text for crowds, where too many wait already."""
        if self._inside >= self._most:
            raise Unavailable(self._crowded, retry_after=5)
        self._inside += 1
        try:
            return await to_thread.run_sync(function, *arguments, limiter=self._limiter)
        finally:
            self._inside -= 1
