"""The links that an isolate holds: those used last with their replies prepared, many more as the text that KV has."""

from collections.abc import Callable
from typing import TypeAlias

from redirector.cache import Cache
from redirector.known import KnownLink, known_link
from redirector.ports import Runtime, Unsendable
from redirector.settings import EdgeSettings
from shared.errors import BadRecord
from shared.kv_record import decode

# What Python keeps around a cold link: its place in the map, its key and its text.
_COLD_OVERHEAD_BYTES = 180


class ColdLink(bytes):
    """When it was read, in unix seconds, a bar, and the record: one object, as many of them as fit are kept."""

    __slots__ = ()

    @property
    def size(self) -> int:
        # The key is bounded and usually short; its share is in the overhead.
        return _COLD_OVERHEAD_BYTES + len(self)

    @classmethod
    def of(cls, value: str, read_at: float) -> "ColdLink":
        return cls(b"%d|%b" % (read_at, value.encode("utf-8", "surrogatepass")))

    def value(self) -> tuple[str, float]:
        """The record's text, and when it was read."""
        read_at, _, text = self.partition(b"|")
        return text.decode("utf-8", "surrogatepass"), float(read_at)


Prepared: TypeAlias = Callable[[KnownLink], None]


class LinkMemory:
    """Two tiers, one key in one of them at most. Together they hold `cache_entries` links and `cache_bytes`."""

    def __init__(self, runtime: Runtime, settings: EdgeSettings, prepared: Prepared) -> None:
        hot = min(settings.hot_entries, settings.cache_entries)
        self.hot: Cache[KnownLink] = Cache(hot, settings.cache_bytes // 2, self._cool)
        self._cold: Cache[ColdLink] = Cache(settings.cache_entries - hot, settings.cache_bytes // 2)
        self._runtime = runtime
        self._prepared = prepared

    def __len__(self) -> int:
        return len(self.hot) + len(self._cold)

    @property
    def bytes(self) -> int:
        """What they take, estimated."""
        return self.hot.bytes + self._cold.bytes

    def get(self, key: str) -> KnownLink | None:
        """A link that is held, prepared by now, as the one used last."""
        link = self.hot.get(key)
        if link is not None:
            self.hot.move_to_end(key)
            return link
        cold = self._cold.drop(key)
        return None if cold is None else self._warm(key, cold)

    def version(self, key: str) -> int | None:
        """The version that is held of a key; it is not used by that."""
        link = self.hot.get(key)
        if link is not None:
            return link.record.version
        cold = self._cold.get(key)
        return None if cold is None else decode(cold.value()[0]).version

    def put(self, key: str, link: KnownLink) -> None:
        """Hold a prepared link."""
        self._cold.drop(key)
        self.hot.put(key, link)

    def replace(self, key: str, value: str, read_at: float) -> None:
        """Hold a newer record, to be prepared when it is asked for."""
        self.drop(key)
        self._cold.put(key, ColdLink.of(value, read_at))

    def drop(self, key: str) -> None:
        """Forget a link, held or not."""
        self.hot.drop(key)
        self._cold.drop(key)

    def _warm(self, key: str, cold: ColdLink) -> KnownLink | None:
        value, read_at = cold.value()
        try:
            link = known_link(self._runtime, decode(value), key)
        except (BadRecord, Unsendable):  # it was checked when it came, but not for this
            return None
        link.value, link.read_at = value, read_at
        self._prepared(link)
        self.hot.put(key, link)
        return link

    def _cool(self, key: str, link: KnownLink) -> None:
        if (
            link.value
        ):  # sealed options would have to be opened again, which takes a coroutine: such a link is forgotten
            self._cold.put(key, ColdLink.of(link.value, link.read_at))
