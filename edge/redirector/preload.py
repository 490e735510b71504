"""Reads the packs of popular links soon after an isolate's start, so that their first visits need no read of KV."""

import math
from collections.abc import Awaitable, Callable

from redirector.counters import Counters
from redirector.feed import ChangeFeed
from redirector.memory import LinkMemory
from redirector.packs import Pack, open_pack
from redirector.ports import Runtime, Unreachable
from redirector.settings import EdgeSettings
from shared.errors import BadRecord
from shared.link_packs import MOST_PACKS, pack_key

# About what reading the packs costs: an isolate that meets few links never reads more for them than it would have without.
_LINKS_FIRST = 10
_PAUSE_SECONDS = 300.0
# Nobody waits for it.
_READ_SECONDS = 10.0


class Preload:
    """Packs are only held while the change feed lists all that has changed since they were written."""

    def __init__(
        self, runtime: Runtime, settings: EdgeSettings, counters: Counters, memory: LinkMemory, feed: ChangeFeed
    ) -> None:
        self._runtime = runtime
        self._counters = counters
        self._memory = memory
        self._feed = feed
        self._on = settings.preload_bytes > 0 and settings.feed_seconds > 0
        self._learned_before = 0
        self._next_try = -math.inf
        self._needed = 0  # bytes of a first pack for which there was no room

    def claim(self, learned: int) -> bool:
        """Whether this request is to read the packs. `learned` is how many links were read one by one until now."""
        now = self._runtime.now()
        if not self._on or self._memory.packs or now < self._next_try or learned < self._learned_before + _LINKS_FIRST:
            return False
        if self._memory.room < self._needed:
            return False  # it would be read in vain
        self._next_try, self._learned_before = now + _PAUSE_SECONDS, learned
        return True

    async def run(self, follow: Callable[[], Awaitable[None]]) -> None:
        """Read the packs, one after the other, for as long as there is room; and the feed by `follow`, where there are any."""
        number, packs = 0, 1
        while number < packs:
            pack = await self._read(number)
            if pack is None:
                return
            if number == 0 and self._feed.claim(self._runtime.now()):
                await follow()
            if not self._feed.remembers(pack.read_at):
                self._counters.packs_refused += 1
            elif not self._memory.pack(pack):
                self._needed = 0 if number else pack.size
                return
            number, packs = number + 1, min(pack.header.packs, MOST_PACKS)

    async def _read(self, number: int) -> Pack | None:
        self._counters.kv_reads += 1
        self._counters.pack_reads += 1
        try:
            text = await self._runtime.kv_get_bytes(pack_key(number), _READ_SECONDS)
            return None if text is None else open_pack(text, self._runtime.now())
        except Unreachable:
            self._counters.kv_failures += 1
        except BadRecord:
            self._counters.packs_refused += 1
        return None
