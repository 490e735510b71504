"""Posts batches to a real intake, as many at once as edges would, again until each is acknowledged."""

import asyncio
import time
from collections.abc import Iterable
from typing import NamedTuple

import httpx

from bench.click_generator.batches import PATH, Batch

ACCEPTED = 202
_PAUSE = 0.2
_PATIENCE_SECONDS = 60.0


class Posted(NamedTuple):
    """What was acknowledged, and how long each call that was took (seconds)."""

    clicks: int
    seconds: float
    taken: list[float]


async def post_all(
    origin_url: str, secret: str, given: Iterable[Batch], *, at_once: int = 16, rate: float = 0
) -> Posted:
    """Post every batch; `rate` is clicks a second, 0 as fast as it goes. Raises TimeoutError for one that nobody takes."""
    taken: list[float] = []
    waiting = iter(given)
    clicks = 0
    began = time.perf_counter()

    async def post_some(client: httpx.AsyncClient) -> None:
        nonlocal clicks
        for batch in waiting:
            clicks += batch.end - batch.first
            if rate:
                await asyncio.sleep(began + clicks / rate - time.perf_counter())
            taken.append(await _post(client, secret, batch))

    async with httpx.AsyncClient(base_url=origin_url, timeout=30) as client:
        await asyncio.gather(*(post_some(client) for _ in range(at_once)))
    return Posted(clicks, time.perf_counter() - began, taken)


async def _post(client: httpx.AsyncClient, secret: str, batch: Batch) -> float:
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        began = time.perf_counter()
        try:
            answer = await client.post(PATH, content=batch.body, headers=batch.headers(secret))
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code == ACCEPTED:
            return time.perf_counter() - began
        if answer is not None and answer.is_client_error:
            answer.raise_for_status()
        await asyncio.sleep(_PAUSE)
    raise TimeoutError(f"the intake did not take a batch within {_PATIENCE_SECONDS:.0f} s")
