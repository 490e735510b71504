"""How many pairs go into one bulk call: as many as KV writes in good time, found out by how long calls take.

A call must end well before its leases and its timeout do, and a KV on a busy laptop writes a hundredth of what Cloudflare does.
"""

_START = 100


class BatchSize:
    """Doubles while full calls are quick, halves when they are slow, and drops sharply when one got no answer."""

    def __init__(self, most: int, good_seconds: float) -> None:
        self._most = most
        self._good_seconds = good_seconds
        self.pairs = min(_START, most)

    def took(self, pairs: int, seconds: float) -> None:
        """A call of so many pairs was answered after so long."""
        if seconds > self._good_seconds:
            self.pairs = max(1, min(self.pairs, pairs // 2))
        elif pairs >= self.pairs and seconds < self._good_seconds / 2:
            self.pairs = min(self._most, self.pairs * 2)

    def unanswered(self) -> None:
        """A call got no answer: the next one is to be small."""
        self.pairs = max(1, self.pairs // 8)
