"""How often in a minute something may be done, by name. The isolate's own count: other isolates have theirs."""

_MINUTE = 60.0
_MOST_NAMES = 10_000


class Limit:
    """Fixed windows of a minute. Memory is bounded: beyond it the names counted first are forgotten."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._counts: dict[str, tuple[float, int]] = {}

    def take(self, name: str, now: float) -> bool:
        """Count one; False where it is one too many."""
        return self.count(name, now) <= self._per_minute

    def count(self, name: str, now: float) -> int:
        """Count one; how many that makes in this window."""
        began, count = self._counts.get(name, (now, 0))
        if now - began >= _MINUTE:
            began, count = now, 0
        if name not in self._counts and len(self._counts) >= _MOST_NAMES:
            del self._counts[next(iter(self._counts))]
        self._counts[name] = (began, count + 1)
        return count + 1

    def counted(self, name: str, now: float) -> int:
        """How many there were in this window."""
        began, count = self._counts.get(name, (now, 0))
        return count if now - began < _MINUTE else 0
