"""How long to pause after a failure: doubled each time, never in step with other processes."""

import random

_DOUBLINGS = 60  # the longest pause is this many times the first
_LONGEST_ASKED_FOR_SECONDS = 300.0


class Backoff:
    """Counts failures in a row."""

    def __init__(self, first: float) -> None:
        self._first = first
        self._failures = 0

    def reset(self) -> None:
        """Something worked."""
        self._failures = 0

    def next(self, asked_for: float | None = None) -> float:
        """Seconds to pause now; never less than the other side asked for, within reason."""
        longest = min(self._first * 2.0 ** min(self._failures, 16), self._first * _DOUBLINGS)
        self._failures += 1
        own = longest * random.uniform(0.5, 1)  # noqa: S311  # jitter, not a secret
        return max(own, min(asked_for or 0.0, _LONGEST_ASKED_FOR_SECONDS))
