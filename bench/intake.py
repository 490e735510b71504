"""Clicks through the real intake: how fast they are acknowledged and counted, and how soon one is seen under load."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from bench.click_generator.batches import Batch, batches
from bench.click_generator.model import LINKS_STEP, Model, Shape
from bench.click_generator.post import Posted, post_all
from bench.installation import Installation, installation
from shared.click_event import ClickEvent, encode_batch

BURST_CLICKS = 200_000
HOURS = 24
LOAD_PER_SECOND = 5_000
LOAD_SECONDS = 30
PROBES_AT_ONCE = 3
_PROBED_LINK = 900_000  # beyond the ranks that the model clicks
_PROBES = 10_000
_GIVE_UP_SECONDS = 60.0
_POLL_SECONDS = 0.01
_PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"


def run() -> dict[str, Any]:
    """A burst as fast as it goes, then a steady load; the sender takes its share of the same cores."""
    burst = list(batches(_model(1, BURST_CLICKS)))
    steady = list(batches(_model(2, LOAD_PER_SECOND * LOAD_SECONDS)))
    with tempfile.TemporaryDirectory(prefix="nearhop-bench-") as folder, installation(Path(folder) / "home") as origin:
        return {"burst": asyncio.run(_burst(origin, burst)), "steady": asyncio.run(_steady(origin, steady))}


async def _burst(origin: Installation, given: list[Batch]) -> dict[str, Any]:
    began = time.perf_counter()
    posted = await post_all(origin.url, origin.edge_secret, given)
    await _until_stored(origin, BURST_CLICKS)
    seconds = time.perf_counter() - began
    return {
        "clicks": posted.clicks,
        "acknowledged_per_s": round(posted.clicks / posted.seconds),
        "counted_per_s": round(posted.clicks / seconds),
        **_calls(posted),
        "memory_mb": origin.memory_mb(),
    }


async def _steady(origin: Installation, given: list[Batch]) -> dict[str, Any]:
    origin.make_links(_PROBED_LINK, _PROBED_LINK + _PROBES - 1)
    load = asyncio.create_task(post_all(origin.url, origin.edge_secret, given, rate=LOAD_PER_SECOND))
    found: list[float] = []
    numbers = iter(range(_PROBES))

    async def probe_on() -> None:
        async with httpx.AsyncClient(timeout=30, headers={"Authorization": f"Bearer {origin.api_key}"}) as client:
            for number in numbers:
                if load.done():
                    return
                found.append(await _probe(origin, client, number))

    await asyncio.gather(*(probe_on() for _ in range(PROBES_AT_ONCE)))
    posted = await load
    return {
        "clicks_per_s": round(posted.clicks / posted.seconds),
        **_calls(posted),
        "click_to_api": {"probes": len(found), **_milliseconds(found)},
    }


async def _probe(origin: Installation, client: httpx.AsyncClient, number: int) -> float:
    """Seconds from the posting of a click until the API counts it. Each probe has a link of its own."""
    rank = _PROBED_LINK + number
    batch = Batch(0, 1, encode_batch(f"probe-{number}", "probe", [_probe_click(origin.workspace, rank, number)]))
    parameters = {"event": "clicks", "groupBy": "count", "interval": "24h", "linkId": origin.link(rank)}
    began = time.perf_counter()
    await post_all(origin.url, origin.edge_secret, [batch], at_once=1)
    while time.perf_counter() - began < _GIVE_UP_SECONDS:
        answer = await client.get(f"{origin.url}/api/v1/analytics", params=parameters)
        answer.raise_for_status()
        if answer.json()["clicks"]:
            return time.perf_counter() - began
        await asyncio.sleep(_POLL_SECONDS)
    raise TimeoutError("a click did not reach the API")


def _probe_click(workspace: int, rank: int, number: int) -> ClickEvent:
    return {
        "id": f"probe-{number}", "at": int(time.time() * 1000), "link": workspace * LINKS_STEP + rank,
        "workspace": workspace, "version": 1, "domain": "localhost", "code": str(rank), "url": "https://example.com/",
        "user_agent": _PERSON, "ip": f"198.51.100.{number % 256}",
    }  # fmt: skip


async def _until_stored(origin: Installation, clicks: int) -> None:
    """Wait until the process says that ClickHouse has so many."""
    async with httpx.AsyncClient(timeout=10) as client:
        end = time.monotonic() + 600
        while time.monotonic() < end:
            metrics = (await client.get(f"{origin.url}/metrics")).text.splitlines()
            stored = next(line for line in metrics if line.startswith("nearhop_clicks_stored_total"))
            if float(stored.split()[1]) >= clicks:
                return
            await asyncio.sleep(0.05)
    raise TimeoutError("the drain did not end")


def _model(seed: int, clicks: int) -> Model:
    return Model(Shape(seed, clicks, int(time.time()) // 3600 - HOURS, HOURS))


def _calls(posted: Posted) -> dict[str, Any]:
    return {"calls": _milliseconds(posted.taken)}


def _milliseconds(taken: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(taken, n=100)
    return {"p50_ms": round(cuts[49] * 1000, 1), "p99_ms": round(cuts[98] * 1000, 1)}
