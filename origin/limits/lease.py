"""A process's part of a bucket: requests that it has taken out of Postgres ahead of their coming.

The rule is the generic cell rate algorithm: a bucket holds `most` requests and fills up in its time, evenly. Its state is one
time, at which it will be full again. A process takes some requests at once and spends them without asking. Those that are
not spent by the time at which they would have been filled up again are void: so leases never add to what a bucket lets
through, however many processes there are.
"""

import math
from asyncio import Task
from dataclasses import dataclass

MINUTE, HOUR = 60, 3600
# A lease is a twentieth of the bucket, so that little of it lies where the caller's next request does not come.
_PART = 20
_LARGEST_LEASE = 50
# Of a limit that is higher still it is what a second fills up: less would be void before it could be spent.
_LEAST_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` requests in so many seconds; as many may come at once after a quiet time. `what` names whose limit it is."""

    what: str
    most: int
    seconds: int = MINUTE

    @property
    def spacing(self) -> float:
        """Seconds in which one request is filled up."""
        return self.seconds / self.most

    @property
    def lease(self) -> int:
        """How many requests a process takes at once, where the bucket has plenty."""
        return max(1, min(self.most // _PART, max(_LARGEST_LEASE, self.most * _LEAST_SECONDS // self.seconds)))


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a request may pass, and how its caller stands. Times are seconds from now."""

    allowed: bool
    limit: Limit
    remaining: int
    reset: float  # until the bucket is full again
    retry: float = 0.0  # until the next request may pass


@dataclass(slots=True)
class Lease:
    """What this process knows of one bucket. Times are those of its own steady clock."""

    limit: Limit
    left: int = 0
    full_at: float = 0.0
    closed_until: float = 0.0
    asking: Task[bool] | None = None

    def spend(self, now: float) -> bool:
        """Use one of the requests taken; False where there is none (any more)."""
        still_good = math.ceil((self.full_at - now) / self.limit.spacing)
        self.left = max(0, min(self.left, still_good))
        if self.left == 0:
            return False
        self.left -= 1
        return True

    def renew(self, asked_at: float, granted: int, seconds_until_full: float) -> None:
        """Take in what Postgres has answered."""
        self.left, self.full_at = granted, asked_at + seconds_until_full
        if granted == 0:
            self.closed_until = self.full_at - (self.limit.most - 1) * self.limit.spacing

    def standing(self, now: float, *, allowed: bool = True) -> Standing:
        """As far as this process knows: what others took since its last question is not in it."""
        until_full = max(0.0, self.full_at - now)
        in_bucket = math.floor(self.limit.most - until_full / self.limit.spacing + 0.001)
        remaining = max(0, min(self.limit.most, in_bucket + self.left)) if allowed else 0
        return Standing(allowed, self.limit, remaining, until_full, max(0.0, self.closed_until - now))
