"""What an isolate remembers: the values used last, bounded in entries and in bytes."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol, TypeVar


class Sized(Protocol):
    """A value that knows its weight."""

    @property
    def size(self) -> int:
        """Bytes, estimated."""


V = TypeVar("V", bound=Sized)


class Cache(OrderedDict[str, V]):
    """An LRU map. `get` and `move_to_end` are the dictionary's own, in C: the hit path calls both itself."""

    def __init__(
        self, max_entries: int, max_bytes: int, forgotten: Callable[[str, V], None] = lambda _key, _value: None
    ) -> None:
        super().__init__()
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self.bytes = 0
        self._forgotten = forgotten

    def put(self, key: str, value: V) -> None:
        """Remember a value as the one used last; the oldest ones are `forgotten` where that is too much."""
        self.drop(key)
        self[key] = value
        self.bytes += value.size
        while len(self) > self.max_entries or self.bytes > self.max_bytes:
            oldest, least = self.popitem(last=False)
            self.bytes -= least.size
            self._forgotten(oldest, least)

    def drop(self, key: str) -> V | None:
        """Take a value out, known or not."""
        known = self.pop(key, None)
        if known is not None:
            self.bytes -= known.size
        return known
