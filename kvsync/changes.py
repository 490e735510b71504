"""What moves through kvsync: the newest change of a key, the claim it was taken with, and what came of it."""

import time
from dataclasses import dataclass, field

from kvsync.errors import KvError


@dataclass(frozen=True, slots=True)
class Change:
    """The newest known state of one key. `value` None means that the key shall be gone."""

    key: str
    version: int
    value: str | None
    published: int  # the version that KV has, or had when the key was claimed
    first: bool = False  # the first of this key that anybody publishes: nobody can hold an older one

    @property
    def superseded(self) -> bool:
        """KV already has this or something newer."""
        return self.version <= self.published

    @property
    def size(self) -> int:
        """About how many bytes the change takes in a bulk call."""
        return len(self.key.encode()) + len((self.value or "").encode()) + 64


@dataclass(slots=True)
class Claim:
    """Leases of keys, held under one owner name until a moment of this process's monotonic clock."""

    owner: str
    deadline: float
    changes: list[Change]

    def seconds_left(self) -> float:
        """How long the leases still hold, by a clock that started before Postgres's did."""
        return self.deadline - time.monotonic()


@dataclass(slots=True)
class Outcome:
    """What came of the changes of a claim. Each of them is in one of the lists, or was not reached."""

    written: list[Change] = field(default_factory=list)
    refused: list[tuple[Change, str]] = field(default_factory=list)
    # These may be written yet by a call whose end we did not see, so their leases are left to run out.
    uncertain: list[Change] = field(default_factory=list)
    # Single keys that KV asked to try again.
    put_off: list[Change] = field(default_factory=list)
    # What stopped the rest.
    error: KvError | None = None

    def settled(self) -> set[str]:
        """The keys that are done with: their changes leave the queue."""
        return {c.key for c in self.written} | {c.key for c, _ in self.refused}
