"""What the isolate knows about keys, and how it learns it: memory, then KV, then origin."""

from redirector.cache import Cache
from redirector.counters import Counters
from redirector.known import KnownLink, Missing, known_link
from redirector.limits import Limit
from redirector.origin import Origin
from redirector.ports import Runtime, Unreachable, Unsendable
from redirector.sealing import unseal
from redirector.settings import EdgeSettings
from shared.errors import BadRecord
from shared.kv_record import KvRecord, decode

_WAIT_STEP_SECONDS = 0.02
_LONGEST_WAIT_SECONDS = 2.0
_MOST_ASKED = 10_000
# An address that asks for this many times as many unknown codes as it may is not even answered from KV.
_FLOOD = 10
# After a refresh was given to a request, the next one is given to another request if the first has not come back.
_REFRESH_PATIENCE_SECONDS = 5.0


class Links:
    """Two memories, so that a flood of unknown codes pushes no known link out."""

    def __init__(self, runtime: Runtime, origin: Origin, settings: EdgeSettings, counters: Counters) -> None:
        self.known: Cache[KnownLink] = Cache(settings.cache_entries, settings.cache_bytes)
        self._missing: Cache[Missing] = Cache(settings.cache_entries, settings.cache_bytes)
        self._runtime = runtime
        self._origin = origin
        self._settings = settings
        self._counters = counters
        self._misses = Limit(settings.misses_per_minute)
        self._asked: dict[str, float] = {}  # keys that a request is asking for right now, and since when

    def usable(self, key: str, now: float) -> KnownLink | Missing | None:
        """What memory says, fresh or stale; None where KV has to be read first."""
        link = self.known.get(key)
        if link is not None:
            self.known.move_to_end(key)
            return link if now < link.usable_until else None
        missing = self._missing.get(key)
        return missing if missing is not None and now < missing.until else None

    def claim_refresh(self, link: KnownLink, now: float) -> bool:
        """Whether this request is the one that reads a stale link again."""
        if now < link.fresh_until:
            return False
        link.fresh_until = now + _REFRESH_PATIENCE_SECONDS
        self._counters.refreshes += 1
        return True

    async def learn(self, key: str, address: str = "") -> KnownLink | Missing:
        """Read a key. Requests for one key at one time cause one read: the others watch for what it finds.

        `address` is the visitor's: one that keeps asking for codes that don't exist is not answered by asking others.
        """
        misses = self._misses.counted(address, self._runtime.now())
        if misses >= _FLOOD * self._settings.misses_per_minute:
            self._counters.misses_refused += 1
            return Missing(0.0, "limited")
        while self._runtime.now() - self._asked.get(key, -_LONGEST_WAIT_SECONDS) < _LONGEST_WAIT_SECONDS:
            await self._runtime.sleep(_WAIT_STEP_SECONDS)
            found = self.usable(key, self._runtime.now())
            if found is not None:
                return found
        if len(self._asked) >= _MOST_ASKED:
            self._asked.clear()  # left by requests that were cancelled
        self._asked[key] = self._runtime.now()
        try:
            return await self.refresh(key, address)
        finally:
            self._asked.pop(key, None)

    async def refresh(self, key: str, address: str = "") -> KnownLink | Missing:
        """Read a key from KV, or from origin where KV has nothing, and remember what was found."""
        try:
            value = await self._kv_get(key)
            if value is None and not key.endswith("/"):  # a domain's own record is in KV or nowhere
                if not await self._may_ask_origin(key, address):
                    self._counters.misses_refused += 1
                    self._misses.count(address, self._runtime.now())
                    return Missing(0.0, "limited")
                value = await self._ask_origin(key)
        except Unreachable:
            return self._keep_or_give_up(key)
        if value is None:
            if not key.endswith("/"):
                self._misses.count(address, self._runtime.now())
            return self._remember_missing(key)
        try:
            return self._remember(key, await unseal(self._runtime, self._settings.edge_secret, decode(value)))
        except (BadRecord, Unsendable):
            self._counters.bad_records += 1
            return self._keep_or_give_up(key)

    async def _may_ask_origin(self, key: str, address: str) -> bool:
        """A link that was known may be asked for in any case: its refresh is nobody's guess."""
        if key in self.known:
            return True
        if self._misses.counted(address, self._runtime.now()) >= self._settings.misses_per_minute:
            return False
        return not address or await self._runtime.may_miss(address)

    async def _kv_get(self, key: str) -> str | None:
        """KV's value; None as well while KV itself fails, for origin may still answer."""
        self._counters.kv_reads += 1
        try:
            return await self._runtime.kv_get(key, self._settings.kv_timeout_seconds)
        except Unreachable:
            self._counters.kv_failures += 1
            return None

    async def _ask_origin(self, key: str) -> str | None:
        self._counters.origin_reads += 1
        domain, _, code = key.partition("/")
        try:
            return await self._origin.find_link(domain, code)
        except Unreachable:
            self._counters.origin_failures += 1
            raise

    def _remember(self, key: str, record: KvRecord) -> KnownLink:
        now = self._runtime.now()
        link = self.known.get(key)
        # KV may answer with an older copy than the one that origin or another read gave before.
        if link is None or record.version > link.record.version:
            link = known_link(self._runtime, record, key)
            self.known.put(key, link)
            self._missing.drop(key)
        return self._extend(link, now)

    def _extend(self, link: KnownLink, now: float) -> KnownLink:
        link.fresh_until = now + self._settings.fresh_seconds
        link.usable_until = link.fresh_until + self._settings.stale_seconds
        return link

    def _remember_missing(self, key: str) -> Missing:
        self.known.drop(key)
        missing = Missing(self._runtime.now() + self._settings.missing_seconds)
        self._missing.put(key, missing)
        return missing

    def _keep_or_give_up(self, key: str) -> KnownLink | Missing:
        """Nobody answers: a link that was known stays known, however old; of an unknown one nothing can be said."""
        now = self._runtime.now()
        link = self.known.get(key)
        if link is not None:
            return self._extend(link, now)
        missing = Missing(now + self._settings.unavailable_seconds, "unavailable")
        self._missing.put(key, missing)
        return missing
