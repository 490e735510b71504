"""Spares a service that fails, and those who would wait for it: after a failure it is asked by one, and ever less often."""

_FIRST_REST_SECONDS = 0.2
_REST_SECONDS = 2.0
_LONGEST_REST_SECONDS = 15.0
# While somebody waits for an answer this long, nobody else is to begin.
_SLOW_SECONDS = 1.0
# Who began a try longer ago was cancelled by the runtime.
_LOST_SECONDS = 30.0


class Breaker:
    """`share`, from 0 to 1, differs from isolate to isolate, so that they do not all come back in one moment."""

    def __init__(self, share: float) -> None:
        self._less = 1.0 - share / 4
        self._failures = 0
        self._failed_at = 0.0
        self._rests_until = 0.0
        self._tries: dict[int, float] = {}  # those under way and when they began, the oldest first
        self._count = 0

    def begin(self, now: float) -> int | None:
        """The number of a try that may be made now, which has to be ended; None while the service is to be left alone."""
        self._forget_lost(now)
        if now < self._rests_until or self._is_slow(now):
            return None
        if self._failures:  # this is the one try; the others wait for its end
            self._rests_until = now + _LOST_SECONDS
        self._count += 1
        self._tries[self._count] = now
        return self._count

    def end(self, number: int, now: float, *, worked: bool) -> None:
        """What became of a try."""
        began = self._tries.pop(number, now)
        if worked:
            self._failures, self._rests_until = 0, 0.0
        elif not self._failures or began >= self._failed_at:  # else it is of a failure that was counted
            self._failures += 1
            self._failed_at = now
            self._rests_until = now + self._rest() * self._less

    def _rest(self) -> float:
        if self._failures == 1:
            return _FIRST_REST_SECONDS
        return min(_REST_SECONDS * 2.0 ** min(self._failures - 2, 8), _LONGEST_REST_SECONDS)

    def _is_slow(self, now: float) -> bool:
        return bool(self._tries) and now - next(iter(self._tries.values())) >= _SLOW_SECONDS

    def _forget_lost(self, now: float) -> None:
        for number, began in list(self._tries.items()):
            if now - began < _LOST_SECONDS:
                return
            del self._tries[number]
