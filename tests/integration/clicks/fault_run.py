"""The fault run: edges that send and resend, processes that are killed, and a recount of what was acknowledged."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from bench.click_generator.agents import AGENTS, Group
from bench.click_generator.batches import CLICKS_PER_BATCH, PATH, batch_at
from bench.click_generator.model import Model
from origin.clicks.journal import Journal
from origin.clicks.segments import Segments
from tests.integration.clicks.processes import Child

EDGES = 8
TWICE = 50  # one in so many batches is sent a second time, later
LATE = 40  # one in so many waits until the end
SHUFFLED = 30  # batches that may overtake each other
_PEOPLE = {agent.header for agent in AGENTS if agent.group is Group.PERSON}


def sending_order(batch_count: int, rng: random.Random) -> list[int]:
    """The numbers of batches as the edges send them: out of order, some late, some twice."""
    order = sorted(range(batch_count), key=lambda index: index + rng.random() * SHUFFLED)
    late = [index for index in order if index % LATE == 0]
    order = [index for index in order if index % LATE] + late
    for index in range(0, batch_count, TWICE):
        first = order.index(index)
        order.insert(rng.randint(first + 1, min(len(order), first + 200)), index)
    return order


class Edges:
    """Send batches, each to any of the origins, again and again until one acknowledges it."""

    def __init__(self, model: Model, origins: list[Child], secret: str, rng: random.Random) -> None:
        self._model = model
        self._bases = [child.url.removesuffix("/healthz") for child in origins]
        self._secret = secret
        self._rng = rng
        self.acknowledged: Counter[int] = Counter()
        self.resent = 0

    @property
    def answered(self) -> int:
        """How many sendings were acknowledged."""
        return self.acknowledged.total()

    async def send(self, order: Iterable[int]) -> None:
        """Send them all, some at a time."""
        waiting = iter(order)
        async with httpx.AsyncClient(timeout=20) as client:

            async def send_some() -> None:
                for index in waiting:
                    await self._deliver(client, index)

            await asyncio.gather(*(send_some() for _ in range(EDGES)))

    async def _deliver(self, client: httpx.AsyncClient, index: int) -> None:
        batch = batch_at(self._model, index)
        while True:
            url = self._rng.choice(self._bases) + PATH
            try:
                answer = await client.post(url, content=batch.body, headers=batch.headers(self._secret))
            except httpx.TransportError:
                answer = None  # perhaps it was taken, and only the answer was lost
            if answer is not None and answer.status_code == 202:
                assert answer.json() == {"accepted": batch.end - batch.first, "refused": []}
                self.acknowledged[index] += 1
                return
            assert answer is None or answer.status_code == 503, answer.text
            self.resent += 1
            await asyncio.sleep(self._rng.uniform(0.05, 0.4))


async def send_under_fire(edges: Edges, order: list[int], victims: list[Child], kills: int, rng: random.Random) -> None:
    """Send everything, while each victim is killed so many times with -9, and each once more when all is sent."""
    targets = [victim for victim in victims for _ in range(kills)]
    rng.shuffle(targets)
    size = -(-len(order) // len(targets))
    for number, victim in enumerate(targets):
        part = order[number * size : (number + 1) * size]
        wanted = edges.answered + rng.random() * len(part) * 0.8
        sending = asyncio.create_task(edges.send(part))
        while edges.answered < wanted and not sending.done():
            await asyncio.sleep(0.002)
        await victim.kill()
        await victim.start()
        await sending
    for victim in victims:
        await asyncio.sleep(rng.random())
        await victim.kill()
        await victim.start()


def is_drained(home: Path) -> bool:
    """Whether the spool of a home holds nothing that ClickHouse lacks, by its files."""
    journal = Journal(home / "spool" / "drain.json")
    journal.open()
    segments = Segments(home / "spool" / "segments")
    position = journal.position
    behind = [
        number
        for number in segments.numbers()
        if number >= position.segment and segments.size(number) > (position.offset if number == position.segment else 0)
    ]
    return journal.block is None and not behind


@dataclass
class Recount:
    """What was acknowledged, counted in plain Python from the events alone."""

    by_link: Counter[tuple[int, int, str]] = field(default_factory=Counter)  # workspace, link, verdict
    by_hour: Counter[tuple[int, int]] = field(default_factory=Counter)  # workspace, unix hour
    by_country: Counter[tuple[int, str]] = field(default_factory=Counter)  # workspace, country
    visitors: dict[tuple[int, str], set[int]] = field(default_factory=lambda: defaultdict(set))  # workspace, UTC date
    link_visitors: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))  # by day as well
    # Those that were acknowledged again, and at most also those whose answer never came.
    duplicates: range = range(1)

    def add(self, model: Model, numbers: Iterable[int]) -> None:
        """Count the clicks with these numbers."""
        for number in numbers:
            event = model.event(number)
            workspace, link = event["workspace"], event["link"]
            verdict = event.get("kind", "click")
            if verdict == "click" and event["user_agent"] not in _PEOPLE:
                verdict = "bot"
            self.by_link[workspace, link, verdict] += 1
            if verdict != "click":
                continue
            self.by_hour[workspace, event["at"] // 3_600_000] += 1
            self.by_country[workspace, event["country"]] += 1
            day = datetime.fromtimestamp(event["at"] / 1000, UTC).date().isoformat()
            self.visitors[workspace, day].add(hash((event["ip"], event["user_agent"])))
            self.link_visitors[link].add(hash((day, event["ip"], event["user_agent"])))


def recount(model: Model, edges: Edges) -> Recount:
    """Each acknowledged batch once, however often it was sent."""
    counted = Recount()
    again = 0
    for index, times in edges.acknowledged.items():
        first = index * CLICKS_PER_BATCH
        numbers = range(first, min(first + CLICKS_PER_BATCH, model.shape.clicks))
        counted.add(model, numbers)
        again += (times - 1) * len(numbers)
    counted.duplicates = range(again, again + edges.resent * CLICKS_PER_BATCH + 1)
    return counted
