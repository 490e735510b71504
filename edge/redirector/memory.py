"""The links that an isolate holds: those used last with their replies prepared, many more as the text that KV has.

Behind them stand the packs, with the records of links that were not asked for yet.
"""

from collections.abc import Callable
from typing import TypeAlias

from redirector.cache import Cache
from redirector.known import KnownLink, known_link
from redirector.packs import Pack, Packs
from redirector.ports import Runtime, Unsendable
from redirector.settings import EdgeSettings
from shared.errors import BadRecord
from shared.kv_record import KvRecord, decode

# What Python keeps around a cold link: its place in the map, and the heads of its key and its text.
_COLD_OVERHEAD_BYTES = 190

# When it was read, in unix seconds, a bar, and the record as KV has it: one object a link, so that many fit.
ColdLink: TypeAlias = bytes
Prepared: TypeAlias = Callable[[KnownLink], None]
# Whether a version of a key counts no more.
Overtaken: TypeAlias = Callable[[str, int], bool]


def _never(_key: str, _version: int) -> bool:
    return False


def _cold(value: str, read_at: float) -> ColdLink:
    return b"%d|%b" % (read_at, value.encode("utf-8", "surrogatepass"))


def _read(cold: ColdLink) -> tuple[str, float]:
    """The record's text, and when it was read."""
    read_at, _, text = cold.partition(b"|")
    return text.decode("utf-8", "surrogatepass"), float(read_at)


def _weigh(key: str, cold: ColdLink) -> int:
    return _COLD_OVERHEAD_BYTES + len(key) + len(cold)


class LinkMemory:
    """Two tiers, one key in one of them at most: together `cache_entries` links, and with the packs `cache_bytes`."""

    def __init__(
        self, runtime: Runtime, settings: EdgeSettings, prepared: Prepared, overtaken: Overtaken = _never
    ) -> None:
        hot = min(settings.hot_entries, settings.cache_entries)
        self.hot: Cache[KnownLink] = Cache(hot, settings.cache_bytes // 2, self._cool)
        self._cold: Cache[ColdLink] = Cache(settings.cache_entries - hot, settings.cache_bytes, weigh=_weigh)
        self.packs = Packs()
        self.unpacked = 0  # links that came out of a pack
        self._most_bytes = settings.cache_bytes
        self._most_packed = min(settings.preload_bytes, settings.cache_bytes // 2)
        self._runtime = runtime
        self._prepared = prepared
        self._overtaken = overtaken

    def __len__(self) -> int:
        return len(self.hot) + len(self._cold)

    @property
    def bytes(self) -> int:
        """What they take, estimated."""
        return self.hot.bytes + self._cold.bytes + self.packs.bytes

    def get(self, key: str) -> KnownLink | None:
        """A link that is held, prepared by now, as the one used last."""
        link = self.hot.get(key)
        if link is not None:
            self.hot.move_to_end(key)
            return link
        cold = self._cold.drop(key)
        if cold is None:
            return self._unpack(key) if self.packs else None
        value, read_at = _read(cold)
        try:
            return self._warm(key, decode(value), value, read_at)
        except BadRecord:  # it was checked when it came
            return None

    @property
    def room(self) -> int:
        """Bytes that packs may take and nothing else does."""
        return min(self._most_packed - self.packs.bytes, self._most_bytes - self.bytes)

    def pack(self, pack: Pack) -> bool:
        """Hold a pack, if there is room for it."""
        if pack.size > self.room:
            return False
        self.packs.add(pack)
        self._share()
        return True

    def keep_packs(self, holds: Callable[[float], bool]) -> None:
        """Let go of the packs that do not stand the test of their `read_at`."""
        self.packs.keep(holds)
        self._share()

    def version(self, key: str) -> int | None:
        """The version that is held of a key; it is not used by that."""
        link = self.hot.get(key)
        if link is not None:
            return link.record.version
        cold = self._cold.get(key)
        return None if cold is None else decode(_read(cold)[0]).version

    def put(self, key: str, link: KnownLink) -> None:
        """Hold a prepared link."""
        self._cold.drop(key)
        self.hot.put(key, link)
        self._share()

    def replace(self, key: str, value: str, read_at: float) -> None:
        """Hold a newer record, to be prepared when it is asked for."""
        self.drop(key)
        self._cold.put(key, _cold(value, read_at))
        self._share()

    def drop(self, key: str) -> None:
        """Forget a link, held or not, or what a pack says of it."""
        self.hot.drop(key)
        self._cold.drop(key)
        if self.packs and self.packs.get(key) is not None:
            self.packs.outdate(key)

    def _unpack(self, key: str) -> KnownLink | None:
        packed = self.packs.get(key)
        if packed is None or self._overtaken(key, packed.record.version):
            return None
        self.unpacked += 1
        return self._warm(key, *packed)

    def _warm(self, key: str, record: KvRecord, value: str, read_at: float) -> KnownLink | None:
        try:
            link = known_link(self._runtime, record, key)
        except Unsendable:
            return None
        link.value, link.read_at = value, read_at
        self._prepared(link)
        self.hot.put(key, link)
        self._share()
        return link

    def _share(self) -> None:
        """What the hot ones and the packs leave is the cold ones'."""
        self._cold.max_bytes = self._most_bytes - self.hot.bytes - self.packs.bytes
        self._cold.trim()

    def _cool(self, key: str, link: KnownLink) -> None:
        # Sealed options would have to be opened again, which takes a coroutine: a link that has them is forgotten.
        if link.value:
            self._cold.put(key, _cold(link.value, link.read_at))
