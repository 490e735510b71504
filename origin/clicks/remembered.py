"""What was found out once, kept for as long as it is little."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_ENTRIES = 50_000
_CHARACTERS = 16 << 20


class Remembered(dict[K, V]):
    """A dict that makes what it lacks, and forgets all when it holds too much: entries, or characters of its keys.

    What is asked for often is there again at once; a lookup costs no more than that of a dict.
    """

    def __init__(self, make: Callable[[K], V], entries: int = _ENTRIES, characters: int = _CHARACTERS) -> None:
        super().__init__()
        self._make = make
        self._entries = entries
        self._most = characters
        self.characters = 0

    def __missing__(self, key: K) -> V:
        made = self._make(key)
        size = _length(key)
        if len(self) >= self._entries or self.characters + size > self._most:
            self.clear()
            self.characters = 0
        self[key] = made
        self.characters += size
        return made


def _length(key: Any) -> int:
    """Characters of a text, or of those in a tuple."""
    parts = key if isinstance(key, tuple) else (key,)
    return sum(len(part) for part in parts if isinstance(part, str))
