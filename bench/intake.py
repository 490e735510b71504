"""Clicks through the real intake: how fast they are acknowledged and counted, and how soon one is seen under load."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from bench.click_generator.batches import PATH, Batch, batches
from bench.click_generator.model import LINKS_STEP, Model, Shape
from bench.installation import Installation, installation
from bench.prepared import prepare, send_all
from shared.click_event import ClickEvent, encode_batch

BURST_CLICKS = 1_000_000
BURST_BATCH = 200  # an edge under load fills its batches: up to 500 clicks or 119 KB, which is about 215 of these
HOURS = 24
LOAD_PER_SECOND = 5_000
LOAD_SECONDS = 30
PROBES_AT_ONCE = 3
_PROBED_LINK = 900_000  # beyond the ranks that the model clicks
_PROBES = 10_000
_GIVE_UP_SECONDS = 60.0
_POLL_SECONDS = 0.01
_LONGEST_SECONDS = 600.0
_PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"


def run() -> dict[str, Any]:
    """A burst as fast as it goes, then a steady load. The sender shares the cores, and does no more than write and wait."""
    burst = list(batches(_model(1, BURST_CLICKS, hours=1), BURST_BATCH))
    backlog = list(batches(_model(2, BURST_CLICKS), BURST_BATCH))
    steady = list(batches(_model(3, LOAD_PER_SECOND * LOAD_SECONDS)))
    with tempfile.TemporaryDirectory(prefix="nearhop-bench-") as folder, installation(Path(folder) / "home") as origin:
        return {
            "burst": asyncio.run(_burst(origin, burst)),
            "backlog": asyncio.run(_burst(origin, backlog)),
            "steady": asyncio.run(_steady(origin, steady)),
        }


async def _burst(origin: Installation, given: list[Batch]) -> dict[str, Any]:
    """As fast as they are taken, and until ClickHouse has them all."""
    prepared = prepare(origin.url, origin.edge_secret, given)
    async with httpx.AsyncClient(base_url=origin.url, timeout=10) as client:
        stored = await _stored(client)
        began, cpu = time.perf_counter(), origin.cpu_seconds()
        posted = await send_all(origin.url, prepared)
        await until_stored(client, stored + posted.clicks)
        seconds = time.perf_counter() - began
    return {
        "clicks": posted.clicks,
        "acknowledged_per_s": round(posted.clicks / posted.seconds),
        "counted_per_s": round(posted.clicks / seconds),
        "origin_cpu_us_a_click": round((origin.cpu_seconds() - cpu) / posted.clicks * 1e6, 1),
        **calls(posted.taken),
        "memory_mb": origin.memory_mb(),
    }


async def _steady(origin: Installation, given: list[Batch]) -> dict[str, Any]:
    origin.make_links(_PROBED_LINK, _PROBED_LINK + _PROBES - 1)
    prepared = prepare(origin.url, origin.edge_secret, given)
    load = asyncio.create_task(send_all(origin.url, prepared, rate=LOAD_PER_SECOND))
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
        **calls(posted.taken),
        "click_to_api": {"probes": len(found), **_milliseconds(found)},
    }


async def _probe(origin: Installation, client: httpx.AsyncClient, number: int) -> float:
    """Seconds from the posting of a click until the API counts it. Each probe has a link of its own."""
    rank = _PROBED_LINK + number
    batch = Batch(0, 1, encode_batch(f"probe-{number}", "probe", [_probe_click(origin.workspace, rank, number)]))
    parameters = {"event": "clicks", "groupBy": "count", "interval": "24h", "linkId": origin.link(rank)}
    began = time.perf_counter()
    posted = await client.post(f"{origin.url}{PATH}", content=batch.body, headers=batch.headers(origin.edge_secret))
    posted.raise_for_status()
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


async def until_stored(client: httpx.AsyncClient, clicks: int) -> None:
    """Wait until the process says that ClickHouse has so many."""
    end = time.monotonic() + _LONGEST_SECONDS
    while await _stored(client) < clicks:
        if time.monotonic() > end:
            raise TimeoutError("the drain did not end")
        await asyncio.sleep(0.05)


async def _stored(client: httpx.AsyncClient) -> int:
    metrics = (await client.get("/metrics")).text.splitlines()
    return int(float(next(line for line in metrics if line.startswith("nearhop_clicks_stored_total")).split()[1]))


def _model(seed: int, clicks: int, *, hours: int = HOURS) -> Model:
    return Model(Shape(seed, clicks, int(time.time()) // 3600 - hours, hours))


def calls(taken: list[float]) -> dict[str, Any]:
    """How long calls took, out of their seconds."""
    return {"calls": _milliseconds(taken)}


def _milliseconds(taken: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(taken, n=100)
    return {"p50_ms": round(cuts[49] * 1000, 1), "p99_ms": round(cuts[98] * 1000, 1)}
