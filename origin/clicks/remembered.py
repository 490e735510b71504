"""What was found out once, kept for as long as it is little or asked for again."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_ENTRIES = 50_000
_CHARACTERS = 32 << 20


class Remembered(dict[K, V]):
    """A dict that makes what it lacks, and is bounded in entries and in characters of its keys.

    When it is half full it becomes the former one, and what is asked for again moves over from there. So a lookup costs no more
    than that of a dict, and what comes often stays.
    """

    def __init__(self, make: Callable[[K], V], entries: int = _ENTRIES, characters: int = _CHARACTERS) -> None:
        super().__init__()
        self._make = make
        self._entries = entries // 2
        self._most = characters // 2
        self._characters = 0
        self._former: dict[K, V] = {}

    def __missing__(self, key: K) -> V:
        found = self._former.pop(key, None)
        made = self._make(key) if found is None else found
        size = _length(key)
        if len(self) >= self._entries or self._characters + size > self._most:
            self._former = dict(self)
            self.clear()
            self._characters = 0
        self[key] = made
        self._characters += size
        return made

    @property
    def kept(self) -> tuple[int, int]:
        """Entries, and characters of their keys."""
        return len(self) + len(self._former), sum(map(_length, (*self, *self._former)))


def _length(key: Any) -> int:
    """Characters of a text, or of those in a tuple."""
    parts = key if isinstance(key, tuple) else (key,)
    return sum(len(part) for part in parts if isinstance(part, str))
