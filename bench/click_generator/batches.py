"""The model's clicks as the edge posts them: batches, signed."""

import time
from collections.abc import Iterator
from typing import NamedTuple

from bench.click_generator.model import Model
from shared.click_event import encode_batch
from shared.signing import HEADER, sign

PATH = "/internal/clicks"
CLICKS_PER_BATCH = 100


class Batch(NamedTuple):
    """The clicks with the numbers from `first` to before `end`, as one body."""

    first: int
    end: int
    body: bytes

    def headers(self, secret: str) -> dict[str, str]:
        """What the edge sends beside the body; good for the minutes that a signature lives."""
        return {HEADER: sign(secret, "POST", PATH, self.body, time.time()), "Content-Type": "application/json"}


def batches(model: Model, size: int = CLICKS_PER_BATCH) -> Iterator[Batch]:
    """All clicks of a model; the same batches with the same ids each time."""
    for first in range(0, model.shape.clicks, size):
        end = min(first + size, model.shape.clicks)
        events = [model.event(number) for number in range(first, end)]
        yield Batch(first, end, encode_batch(f"{model.shape.seed}-{first}-{end}", f"edge-{first // size % 4}", events))
