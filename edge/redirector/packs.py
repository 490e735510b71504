"""The packs that an isolate holds: records of popular links that it need not read from KV one by one (shared.link_packs).

A pack is one object of bytes, as KV gave it: loading it costs a copy and nothing for each link. A link is found by halving, and
one that is in no pack is mostly known to be in none by the filter that each pack brings.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from shared.errors import BadRecord
from shared.kv_record import KvRecord, decode
from shared.link_packs import PackHeader, checksum_of, find, read_header

# Of a record in a pack, as old as the pack, no more is believed than of one that KV gave so much later.
_KV_LATE_SECONDS = 60.0
# Keys whose records in the packs are too old. With more of them the packs had better be read again.
_MOST_OUTDATED = 10_000
_OUTDATED_BYTES = 150


@dataclass(frozen=True, slots=True)
class Pack:
    """One pack. `read_at` is when a KV read would have brought the same, in unix seconds."""

    text: bytes
    header: PackHeader
    read_at: float

    @property
    def size(self) -> int:
        """What it takes, in bytes."""
        return len(self.text) + len(self.header.filter)


class Packed(NamedTuple):
    """A link's record out of a pack."""

    record: KvRecord
    value: str
    read_at: float


def open_pack(text: bytes, now: float) -> Pack:
    """Take a pack as KV gave it; raises BadRecord."""
    header = read_header(text)
    if header.at > now + _KV_LATE_SECONDS:
        raise BadRecord  # timed by a clock that says nothing about its age
    return Pack(text, header, min(header.at + _KV_LATE_SECONDS, now))


class Packs:
    """Any number of packs, the most popular links in the first ones."""

    def __init__(self) -> None:
        self.bytes = 0
        self._packs: list[Pack] = []
        self._outdated: set[str] = set()

    def __len__(self) -> int:
        return len(self._packs)

    def add(self, pack: Pack) -> None:
        self._packs.append(pack)
        self._weigh()

    def keep(self, holds: Callable[[float], bool]) -> None:
        """Let go of the packs that do not stand the test of their `read_at`."""
        self._packs = [pack for pack in self._packs if holds(pack.read_at)]
        if not self._packs:
            self._outdated.clear()
        self._weigh()

    def get(self, key: str) -> Packed | None:
        """A link's record, where a pack has one that can be held as text."""
        if not self._packs or key in self._outdated:
            return None
        sought = key.encode("utf-8", "replace")
        checksum = checksum_of(sought)
        for pack in self._packs:
            if pack.header.may_have(checksum):
                value = find(pack.text, pack.header.start, sought)
                if value is not None:
                    return _packed(value, pack.read_at)
        return None

    def outdate(self, key: str) -> None:
        """What the packs say of a key counts no more."""
        if not self._packs:
            return
        self._outdated.add(key)
        if len(self._outdated) > _MOST_OUTDATED:
            self.keep(lambda _: False)
        self._weigh()

    def _weigh(self) -> None:
        self.bytes = sum(pack.size for pack in self._packs) + _OUTDATED_BYTES * len(self._outdated)


def _packed(value: str, read_at: float) -> Packed | None:
    try:
        record = decode(value)
    except BadRecord:
        return None
    # Sealed options are opened in a coroutine; kvsync leaves such records out.
    return None if "sealed" in record.options else Packed(record, value, read_at)
