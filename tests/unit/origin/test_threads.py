"""Slow calls in threads."""

import asyncio
import threading

import pytest

from origin.problems import Unavailable
from origin.threads import BoundedThreads


async def test_a_crowd_is_told_to_come_back_and_the_others_are_served() -> None:
    threads = BoundedThreads(1, 2, "Crowded.")
    answers = await asyncio.gather(*(threads.run(int, "5") for _ in range(5)), return_exceptions=True)
    assert answers[:3] == [5, 5, 5]
    for refused in answers[3:]:
        assert isinstance(refused, Unavailable)
        assert (refused.message, refused.headers) == ("Crowded.", {"Retry-After": "5"})
    assert await threads.run(int, "6") == 6


async def test_no_more_run_at_once_than_may() -> None:
    running, most, lock = 0, 0, threading.Lock()
    barrier = threading.Barrier(2, timeout=30)

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        barrier.wait()
        with lock:
            running -= 1

    threads = BoundedThreads(2, 10, "Crowded.")
    await asyncio.gather(*(threads.run(work) for _ in range(6)))
    assert most == 2


async def test_a_call_that_fails_makes_room() -> None:
    threads = BoundedThreads(1, 0, "Crowded.")
    for _ in range(3):
        with pytest.raises(ValueError, match="invalid literal"):
            await threads.run(int, "x")
