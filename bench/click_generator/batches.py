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


def batch_at(model: Model, index: int, size: int = CLICKS_PER_BATCH) -> Batch:
    """One batch of a model, the same each time."""
    first = index * size
    end = min(first + size, model.shape.clicks)
    events = [model.event(number) for number in range(first, end)]
    return Batch(first, end, encode_batch(f"{model.shape.seed}-{first}-{end}", f"edge-{index % 4}", events))


def batches(model: Model, size: int = CLICKS_PER_BATCH) -> Iterator[Batch]:
    """All clicks of a model, in batches."""
    return (batch_at(model, index, size) for index in range(-(-model.shape.clicks // size)))
