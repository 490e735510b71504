"""Leads and sales: how fast they are tracked and counted, and each question about them at 1 and at 5 million of one workspace.

`NEARHOP_BENCH_CONVERSIONS=1000000,5000000 python -m bench conversions` measures both sizes; 1 million alone by default.
"""

import asyncio
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from bench.analytics import ask, summary
from bench.click_generator.batches import CLICKS_PER_BATCH, Batch
from bench.click_generator.load import Loader
from bench.click_generator.model import Model, Shape
from bench.click_generator.post import post_all
from bench.installation import Installation, installation
from bench.intake import calls, until_stored
from bench.loaded import DATA, HOURS, merge_all, migrated, schema
from origin.conversions.facts import FACTS
from origin.storage import named_sql
from shared.click_event import ClickEvent, encode_batch

SIZES = os.environ.get("NEARHOP_BENCH_CONVERSIONS", "1000000")
CUSTOMERS = 3_000
AT_ONCE = 16
LINKS = 20_000
GROUPINGS = ("count", "timeseries", "top_links", "countries", "referers", "utm_campaigns")
_CLICKS_TO_EVENTS = 2
_GIVE_UP_SECONDS = 300.0
_OLDEST_SECONDS = 86_400
_SQL = named_sql.load(Path(__file__).with_name("conversions.sql"))


def run() -> dict[str, Any]:
    """Tracking on an empty Nearhop, then the questions on the sizes in turns."""
    with tempfile.TemporaryDirectory(prefix="nearhop-bench-") as folder, installation(Path(folder) / "home") as origin:
        tracking = asyncio.run(_track_all(origin))
    homes = {f"{int(size) // 1_000_000}M": _loaded_home(int(size)) for size in SIZES.split(",")}
    return {"tracking": tracking, **_ask_all(homes)}


async def _track_all(origin: Installation) -> dict[str, Any]:
    """A lead and a sale of each customer, by a click that is there."""
    origin.make_links(1, CUSTOMERS)
    await post_all(origin.url, origin.edge_secret, list(_clicks(origin)))
    async with httpx.AsyncClient(base_url=origin.url, timeout=10) as client:
        await until_stored(client, CUSTOMERS)
    names = [f"customer-{number}" for number in range(CUSTOMERS)]
    leads = [
        {"clickId": _click_id(number), "eventName": "Sign up", "customerExternalId": name}
        for number, name in enumerate(names)
    ]
    sales = [
        {"customerExternalId": name, "amount": 4_900, "currency": "usd", "invoiceId": f"invoice-{name}"}
        for name in names
    ]
    return {"leads": await _track(origin, "lead", leads), "sales": await _track(origin, "sale", sales)}


async def _track(origin: Installation, event: str, bodies: list[dict[str, Any]]) -> dict[str, Any]:
    """Calls, some at a time, and the time until the API counts all."""
    taken: list[float] = []
    waiting = iter(bodies)
    headers = {"Authorization": f"Bearer {origin.api_key}"}
    async with httpx.AsyncClient(base_url=f"{origin.url}/api/v1", headers=headers, timeout=60) as client:

        async def track_some() -> None:
            for body in waiting:
                began = time.perf_counter()
                (await client.post(f"/track/{event}", json=body)).raise_for_status()
                taken.append(time.perf_counter() - began)

        began = time.perf_counter()
        await asyncio.gather(*(track_some() for _ in range(AT_ONCE)))
        tracked = time.perf_counter() - began
        await _until_counted(client, f"{event}s", len(bodies))
        counted = time.perf_counter() - began
    return {
        "events": len(bodies),
        "tracked_per_s": round(len(bodies) / tracked),
        "counted_per_s": round(len(bodies) / counted),
        **calls(taken),
    }


async def _until_counted(client: httpx.AsyncClient, event: str, wanted: int) -> None:
    end = time.monotonic() + _GIVE_UP_SECONDS
    while time.monotonic() < end:
        answer = await client.get("/analytics", params={"event": event, "groupBy": "count", "interval": "24h"})
        if answer.raise_for_status().json()[event] == wanted:
            return
        await asyncio.sleep(0.1)
    raise TimeoutError(f"not all {event} were counted")


def _clicks(origin: Installation) -> Iterator[Batch]:
    """A click of a link of its own for each customer."""
    now = int(time.time() * 1000)
    for first in range(0, CUSTOMERS, CLICKS_PER_BATCH):
        end = min(first + CLICKS_PER_BATCH, CUSTOMERS)
        events: list[ClickEvent] = [
            {
                "id": _click_id(number), "at": now, "link": origin.link_number(1 + number), "workspace": origin.workspace,
                "version": 1, "domain": "localhost", "code": str(number), "url": "https://shop.example/",
                "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/141.0.0.0 Safari/537.36", "ip": "198.51.100.7",
            }
            for number in range(first, end)
        ]  # fmt: skip
        yield Batch(first, end, encode_batch(f"conversions-{first}", "bench", events))


def _click_id(number: int) -> str:
    return f"bench-t{number}"


def _ask_all(homes: dict[str, Path]) -> dict[str, Any]:
    with ExitStack() as stack:
        origins = {size: stack.enter_context(installation(home)) for size, home in homes.items()}
        clients = {size: stack.enter_context(origin.client()) for size, origin in origins.items()}
        for origin in origins.values():
            origin.make_links(1, LINKS)
        first = next(iter(origins.values()))
        taken = {name: ask(clients, path, parameters) for name, path, parameters in _questions(first)}
        return {
            size: {
                "memory_mb": origin.memory_mb(),
                **summary({name: times[size] for name, times in taken.items()}),
            }
            for size, origin in origins.items()
        }


def _questions(origin: Installation) -> list[tuple[str, str, dict[str, str]]]:
    """Name, path and parameters: of the whole workspace, and of its most clicked link."""
    asked = [
        (
            f"{scope} {event} {interval} {grouping}",
            "analytics",
            {"event": event, "groupBy": grouping, "interval": interval, **link},
        )
        for scope, link in (("workspace", {}), ("link", {"linkId": origin.link(1)}))
        for event in ("leads", "sales")
        for interval in ("30d", "90d")
        for grouping in GROUPINGS
        if not (scope == "link" and grouping == "top_links")
    ]
    pages = [
        (f"workspace {event} 90d events, first page", "events", {"event": event, "interval": "90d"})
        for event in ("leads", "sales")
    ]
    return [*asked, *pages]


def _loaded_home(events: int) -> Path:
    """A home with so many leads and sales of one workspace, and the clicks that they came of."""
    home = DATA / f"conversions-{events}"
    note = home / "loaded.json"
    wanted = {"schema": schema(), "events": events}
    if note.exists():
        found = json.loads(note.read_text(encoding="utf-8"))
        if found["wanted"] == wanted and time.time() - found["at"] < _OLDEST_SECONDS:
            return home
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    asyncio.run(_load(home, events))
    note.write_text(json.dumps({"wanted": wanted, "at": time.time()}), encoding="utf-8")
    return home


async def _load(home: Path, events: int) -> None:
    end_hour = int(time.time()) // 3600
    clicks = events * _CLICKS_TO_EVENTS
    model = Model(Shape(clicks=clicks, first_hour=end_hour - HOURS, hours=HOURS, workspaces=1, links=LINKS))
    sql = _SQL["load"].replace("/*facts*/", ", ".join(FACTS))
    async with migrated(home) as clickhouse:
        await Loader(clickhouse, model).load()
        await clickhouse.command(sql, {"rows": 2 * events, "end_ms": end_hour * 3_600_000}, seconds=1_800)
        await merge_all(clickhouse)
