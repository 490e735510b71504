"""Writes the changes of a claim to KV in bulk calls, and finds the one that spoils a call."""

import time
from collections.abc import Awaitable, Callable, Iterable, Iterator

from kvsync.batch_size import BatchSize
from kvsync.changes import Change, Claim, Outcome
from kvsync.errors import KvError, KvRefused, KvUncertain, LeaseLost
from kvsync.kv_api import KvApi
from kvsync.settings import Settings
from shared.kv_record import MAX_KEY_BYTES

MAX_VALUE_BYTES = 25 * 1024 * 1024  # Workers KV refuses larger values
Renew = Callable[[Claim, list[str]], Awaitable[set[str]]]
Write = Callable[[Iterable[Change]], Awaitable[set[str]]]


class Publisher:
    """Publishes claims. `renew` prolongs leases, as Outbox.renew does."""

    def __init__(self, api: KvApi, settings: Settings, renew: Renew, size: BatchSize) -> None:
        self._api = api
        self._settings = settings
        self._renew = renew
        self._size = size

    async def publish(self, claim: Claim, outcome: Outcome) -> None:
        """Write what is newer than KV's. Fills `outcome` as it goes, so that it is right when this is cancelled too."""
        fresh = [change for change in claim.changes if not change.superseded]
        good = [change for change in fresh if not _set_aside(change, outcome)]
        puts = [change for change in good if change.value is not None]
        deletes = [change for change in good if change.value is None]
        try:
            for batch in batches(puts, self._size.pairs, self._settings.kv_batch_bytes):
                await self._write(self._api.put, batch, claim, outcome)
            for batch in batches(deletes, self._size.pairs, self._settings.kv_batch_bytes):
                await self._write(self._api.delete, batch, claim, outcome)
        except KvError as error:
            outcome.error = error

    async def _write(self, write: Write, batch: list[Change], claim: Claim, outcome: Outcome) -> None:
        batch = await self._still_ours(batch, claim)
        # Until the answer is here, the call may or may not have been carried out.
        outcome.uncertain.extend(batch)
        began = time.monotonic()
        try:
            again = await write(batch)
        except KvRefused as error:
            _certain(batch, outcome)
            await self._split(write, batch, claim, outcome, str(error))
            return
        except KvUncertain:
            self._size.unanswered()
            raise
        except KvError:
            _certain(batch, outcome)
            raise
        self._size.took(len(batch), time.monotonic() - began)
        _certain(batch, outcome)
        outcome.written += [change for change in batch if change.key not in again]
        outcome.put_off += [change for change in batch if change.key in again]

    async def _split(self, write: Write, batch: list[Change], claim: Claim, outcome: Outcome, error: str) -> None:
        """A bulk call is refused as a whole: halve it until the change that KV refuses stands alone."""
        if len(batch) == 1:
            outcome.refused.append((batch[0], error))
            return
        middle = len(batch) // 2
        await self._write(write, batch[:middle], claim, outcome)
        await self._write(write, batch[middle:], claim, outcome)

    async def _still_ours(self, batch: list[Change], claim: Claim) -> list[Change]:
        """Only start a call that ends, one way or the other, before the leases do."""
        if claim.seconds_left() > self._settings.kv_timeout_seconds + 1:
            return batch
        ours = await self._renew(claim, [change.key for change in batch])
        if len(ours) < len(batch) or claim.seconds_left() <= self._settings.kv_timeout_seconds:
            raise LeaseLost
        return batch


def batches(changes: list[Change], most: int, most_bytes: int) -> Iterator[list[Change]]:
    """Cut the list so that no part has more changes or bytes than one call takes."""
    part: list[Change] = []
    size = 0
    for change in changes:
        if part and (len(part) == most or size + change.size > most_bytes):
            yield part
            part, size = [], 0
        part.append(change)
        size += change.size
    if part:
        yield part


def _certain(batch: list[Change], outcome: Outcome) -> None:
    known = {change.key for change in batch}
    outcome.uncertain = [change for change in outcome.uncertain if change.key not in known]


def _set_aside(change: Change, outcome: Outcome) -> bool:
    """What KV refuses for sure is not sent at all."""
    reason = ""
    if len(change.key.encode()) > MAX_KEY_BYTES:
        reason = f"the key has more than the {MAX_KEY_BYTES} bytes that Workers KV takes"
    elif len((change.value or "").encode()) > MAX_VALUE_BYTES:
        reason = f"the value has more than the {MAX_VALUE_BYTES} bytes that Workers KV takes"
    if reason:
        outcome.refused.append((change, reason))
    return bool(reason)
