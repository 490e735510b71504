"""Sending clicks again that were set aside, as batches of one with an id of their own: however often, each counts once."""

from collections.abc import Awaitable, Callable, Iterable

import anyio.to_thread
import msgspec

from origin.clicks.intake import Receipt
from origin.clicks.refused import DeadLetter, RefusedClicks

Send = Callable[[bytes], Awaitable[Receipt]]


class StillRefused(msgspec.Struct):
    """A click that is refused again, and why."""

    id: str
    reason: str


class Replayed(msgspec.Struct):
    """How many clicks were taken now; those that were taken before are left out."""

    replayed: int
    refused: list[StillRefused]


async def replay(refused: RefusedClicks, letters: Iterable[DeadLetter], send: Send) -> Replayed:
    """Send what was not sent yet."""
    taken, still = list[str](), list[StillRefused]()
    for letter in letters:
        if letter.replayed:
            continue
        receipt = await send(_batch(letter))
        if receipt.accepted:
            taken.append(letter.id)
        else:
            still += [StillRefused(letter.id, each.reason) for each in receipt.refused]
    if taken:
        await anyio.to_thread.run_sync(refused.mark_replayed, taken)
    return Replayed(len(taken), still)


def _batch(letter: DeadLetter) -> bytes:
    # The spool of another process may have a letter of the same id, so the first batch's name is part of this one's.
    batch_id = f"replay-{letter.id}-{letter.batch_id}"[:100]
    return msgspec.json.encode({"batch_id": batch_id, "edge": letter.edge, "clicks": [letter.event]})
