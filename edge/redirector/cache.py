"""What an isolate remembers: the values used last, bounded in entries and in bytes."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

V = TypeVar("V")


def own_size(_: str, value: Any) -> int:
    """What a value says itself that it takes, key included."""
    size: int = value.size
    return size


class Cache(OrderedDict[str, V]):
    """An LRU map. `get` and `move_to_end` are the dictionary's own, in C: the hit path calls both itself."""

    def __init__(
        self,
        max_entries: int,
        max_bytes: int,
        forgotten: Callable[[str, V], None] = lambda _key, _value: None,
        weigh: Callable[[str, V], int] = own_size,
    ) -> None:
        """`weigh` tells the bytes that an entry takes, estimated; `forgotten` is told of each that had to go."""
        super().__init__()
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self.bytes = 0
        self._forgotten = forgotten
        self._weigh = weigh

    def put(self, key: str, value: V) -> None:
        """Remember a value as the one used last, and forget the oldest ones where that is too much."""
        self.drop(key)
        self[key] = value
        self.bytes += self._weigh(key, value)
        self.trim()

    def trim(self) -> None:
        """Forget the oldest values where there are too many."""
        while len(self) > self.max_entries or self.bytes > self.max_bytes:
            oldest, least = self.popitem(last=False)
            self.bytes -= self._weigh(oldest, least)
            self._forgotten(oldest, least)

    def drop(self, key: str) -> V | None:
        """Take a value out, known or not."""
        known = self.pop(key, None)
        if known is not None:
            self.bytes -= self._weigh(key, known)
        return known
