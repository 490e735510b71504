"""The change feed: one KV value that lists what changed last in KV, so that who holds links need not read each of them again.

kvsync writes it under FEED_KEY after the changes themselves, and again now and then though nothing changed. A header, then a
line a change, oldest first, each of them JSON.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from shared.errors import BadRecord

# No link can have this key: a key starts with its domain, and no domain is empty.
FEED_KEY = "/feed"
FORMAT = 1
# What one feed may hold. Older changes leave it; `since` and `first` say so. Who follows it remembers as many, so a larger
# number asks for a new FORMAT.
MOST_CHANGES = 1_000
MOST_BYTES = 128_000
# Longer records are not in the feed: it says that they changed, and who holds one reads it again.
MOST_VALUE_BYTES = 1_000


class Means(StrEnum):
    """What a change asks for."""

    VALUE = "v"  # this is the key's record now
    READ = "r"  # the key has a new record, too long to stand here
    CLOSED = "c"  # the same, and older records must not be followed any more
    GONE = "g"  # the key has none


@dataclass(frozen=True, slots=True)
class FeedChange:
    """One change. `value` is the record where `means` is VALUE, else empty."""

    means: Means
    key: str
    version: int
    value: str = ""

    def line(self) -> str:
        return _compact([self.means.value, self.key, self.version, self.value])


@dataclass(frozen=True, slots=True)
class Feed:
    """The changes numbered `first` to `head`, each its line.

    Whatever left the feed was in KV before `since`; whatever was published before `at` is in it or has left it. Both are
    unix seconds by Postgres's clock.
    """

    head: int
    since: float
    at: float
    lines: list[str]

    @property
    def first(self) -> int:
        """The number of the oldest change; one above `head` where there is none."""
        return self.head - len(self.lines) + 1

    def after(self, number: int) -> list[FeedChange]:
        """The changes above a number; raises BadRecord."""
        newer = max(0, self.head - number)
        return [_change(line) for line in self.lines[max(0, len(self.lines) - newer) :]]


def encode(head: int, since: float, at: float, lines: Iterable[str]) -> str:
    """The value to store; `decode` reads it back."""
    header = _compact({"format": FORMAT, "head": head, "since": round(since, 3), "at": round(at, 3)})
    return "\n".join([header, *lines])


def decode(value: str) -> Feed:
    """Read a stored feed, its lines still unread; raises BadRecord for one from the future or a damaged one."""
    header, *lines = value.split("\n")
    try:
        found = json.loads(header)
        if found["format"] != FORMAT:
            raise BadRecord
        return Feed(int(found["head"]), float(found["since"]), float(found["at"]), lines)
    except (ValueError, KeyError, TypeError) as error:
        raise BadRecord from error


def _change(line: str) -> FeedChange:
    try:
        means, key, version, value = json.loads(line)
        return FeedChange(Means(means), str(key), int(version), str(value))
    except (ValueError, TypeError) as error:
        raise BadRecord from error


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
