"""What a click costs before ClickHouse has it, step by step, in microseconds of one core.

`python -m bench.click_stages` prints it. Each step runs alone in one thread, of several times the quickest; caches are full
after the first. HTTP, the sync of the disk, Postgres and ClickHouse are left out: `python -m bench intake` has them.
"""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bench.click_generator.batches import batches
from bench.click_generator.model import Model, Shape
from origin.clicks import frames
from origin.clicks.block_table import Made
from origin.clicks.blocks import BlockRows, Prepared, no_collection
from origin.clicks.enrich import Enricher
from origin.clicks.geo import GeoFile
from origin.clicks.intake import count_good
from origin.clicks.journal import Block
from origin.clicks.refused import RefusedClicks
from origin.clicks.settings import ClickSettings
from origin.clicks.visitors import VisitorHash, address_keeper
from shared import signing

T = TypeVar("T")

CLICKS = 100_000  # one block
_BATCH = 200
_ROUNDS = 5
_SECRET = "bench"  # noqa: S105  # of the bench


def run(clicks: int = CLICKS) -> dict[str, float]:
    """Microseconds a click by step, in the order of a click's way."""
    now = time.time()
    model = Model(Shape(1, clicks, int(now) // 3600 - 1, hours=1))
    bodies = [batch.body for batch in batches(model, _BATCH)]
    signatures = [signing.sign(_SECRET, "POST", "/", body, now) for body in bodies]
    costs = dict[str, float]()

    def step(name: str, work: Callable[[], T]) -> T:
        rounds = [_timed(work) for _ in range(_ROUNDS)]
        costs[name] = round(min(seconds for seconds, _ in rounds) / clicks * 1e6, 2)
        return rounds[-1][1]

    step("signature", lambda: _verify(signatures, bodies, now))
    step("validate", lambda: [count_good(body, now) for body in bodies])
    data = b"".join(step("frame", lambda: [frames.encode(now, _BATCH, body) for body in bodies]))
    block = step("read frames", lambda: list(frames.walk(data)))
    with tempfile.TemporaryDirectory(prefix="nearhop-bench-") as folder:
        rows = _rows(Path(folder))
        prepared = step("decode, enrich, make columns", lambda: rows.prepare(Block(1, 0, len(data)), block))
    step("decide", lambda: _made(prepared))
    return costs


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    with no_collection():
        began = time.thread_time()
        made = work()
        return time.thread_time() - began, made


def _verify(signatures: list[str], bodies: list[bytes], now: float) -> bool:
    """True, or BadSignature is raised."""
    for signature, body in zip(signatures, bodies, strict=True):
        signing.verify(_SECRET, signature, "POST", "/", body, now)
    return True


def _rows(folder: Path) -> BlockRows:
    """As the pipeline makes them by default."""
    settings = ClickSettings()
    visitors, keep_address = VisitorHash(_SECRET), address_keeper(settings.click_ip)
    enricher = Enricher(GeoFile(settings.geo_file), visitors, keep_address, settings.click_parameters)
    return BlockRows(enricher, RefusedClicks(folder))


def _made(prepared: Prepared) -> Made:
    assert prepared.table is not None
    return prepared.table.make("bench", {batch.batch_id for batch in prepared.heads}, (), {})


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
