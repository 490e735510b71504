"""What an isolate remembers: the values used last, bounded in entries and in bytes."""

from collections import OrderedDict
from typing import Protocol, TypeVar


class Sized(Protocol):
    """A value that knows its weight."""

    @property
    def size(self) -> int:
        """Bytes, estimated."""


V = TypeVar("V", bound=Sized)


class Cache(OrderedDict[str, V]):
    """An LRU map. `get` and `move_to_end` are the dictionary's own, in C: the hit path calls both itself."""

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        super().__init__()
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self.bytes = 0

    def put(self, key: str, value: V) -> None:
        """Remember a value as the one used last, and forget the oldest ones where that is too much."""
        self.drop(key)
        self[key] = value
        self.bytes += value.size
        while len(self) > self.max_entries or self.bytes > self.max_bytes:
            _, oldest = self.popitem(last=False)
            self.bytes -= oldest.size

    def drop(self, key: str) -> None:
        """Forget a value, known or not."""
        known = self.pop(key, None)
        if known is not None:
            self.bytes -= known.size
