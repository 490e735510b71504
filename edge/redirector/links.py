"""What the isolate knows about keys, and how it learns it: memory, then KV, then origin."""

from redirector.asked import Asked
from redirector.cache import Cache
from redirector.counters import Counters
from redirector.feed import ChangeFeed
from redirector.known import KnownLink, Missing, known_link
from redirector.memory import LinkMemory
from redirector.misses import Misses
from redirector.origin import Origin
from redirector.ports import Runtime, Unreachable, Unsendable
from redirector.preload import Preload
from redirector.sealing import unseal
from redirector.settings import EdgeSettings
from shared.change_feed import FeedChange, Means
from shared.errors import BadRecord
from shared.kv_record import KvRecord, decode

_WAIT_STEP_SECONDS = 0.02
_LONGEST_WAIT_SECONDS = 2.0
# A link that changes this often while it is read is given up for now.
_MOST_OVERTAKEN = 3
_MOST_ASKED = 10_000
_MOST_MISSING = 20_000
# After a refresh was given to a request, the next one is given to another request if the first has not come back.
_REFRESH_PATIENCE_SECONDS = 5.0


class Links:
    """Two memories, so that a flood of unknown codes pushes no known link out."""

    def __init__(self, runtime: Runtime, origin: Origin, settings: EdgeSettings, counters: Counters) -> None:
        self.memory = LinkMemory(runtime, settings, self._prepared, self._overtaken)
        self.known = self.memory.hot
        self.feed = ChangeFeed(runtime, settings, counters, self.memory.packs.outdate)
        self._preload = Preload(runtime, settings, counters, self.memory, self.feed)
        self._missing: Cache[Missing] = Cache(_MOST_MISSING, settings.cache_bytes)
        self._runtime = runtime
        self._origin = origin
        self._settings = settings
        self._counters = counters
        self.misses = Misses(runtime, settings, counters)
        self._asked: dict[str, float] = {}  # keys that a request is asking for right now, and since when
        self._kv_rests_until = 0.0
        self._learned = 0
        self._known_before = 0  # visits of links that were held, when the feed was read last

    def usable(self, key: str, now: float) -> KnownLink | Missing | None:
        """What memory says, fresh or stale; None where KV has to be read first."""
        link = self.memory.get(key)
        if link is not None:
            usable = now < link.usable_until or self.feed.covers(link.read_at, now) or now < self._kv_rests_until
            return link if usable else None
        missing = self._missing.get(key)
        if missing is None:
            return None
        # Only of a domain's record: a link may be known to origin long before the feed tells of it.
        covered = key.endswith("/") and self.feed.covers(missing.read_at, now)
        return missing if now < missing.until or covered else None

    def claim_refresh(self, link: KnownLink, now: float) -> bool:
        """Whether this request is the one that reads a stale link again."""
        if now < link.fresh_until:
            return False
        if self.feed.covers(link.read_at, now) and not self.feed.wavers(now):
            link.fresh_until = self.feed.fresh_until
            return False
        link.fresh_until = now + _REFRESH_PATIENCE_SECONDS
        self._counters.refreshes += 1
        return True

    async def learn(self, key: str, asked: Asked | None = None) -> KnownLink | Missing:
        """Read a key. Requests for one key at one time cause one read: the others watch for what it finds.

        `asked` is the visitor's request: for an address that keeps asking for codes that don't exist, nobody is asked.
        """
        address = asked.address if asked else ""
        if self.misses.flood(address):
            return Missing(0.0, "limited")
        while self._runtime.now() - self._asked.get(key, -_LONGEST_WAIT_SECONDS) < _LONGEST_WAIT_SECONDS:
            await self._runtime.sleep(_WAIT_STEP_SECONDS)
            found = self.usable(key, self._runtime.now())
            if found is not None:
                return found
        held = self.memory.get(key) is not None
        if held and await self.catch_up():
            found = self.usable(key, self._runtime.now())
            if found is not None:
                return found
        if len(self._asked) >= _MOST_ASKED:
            self._asked.clear()  # left by requests that were cancelled
        self._asked[key] = self._runtime.now()
        try:
            found = await self.refresh(key, asked)
            self._learned += isinstance(found, KnownLink) and not held
            return found
        finally:
            self._asked.pop(key, None)

    async def refresh(self, key: str, asked: Asked | None = None) -> KnownLink | Missing:
        """Read a key from KV, or from origin where KV has nothing, and remember what was found."""
        for _ in range(_MOST_OVERTAKEN):
            found = await self._read(key, asked)
            if found is not None:
                return found
        return self._keep_or_give_up(key)

    async def _read(self, key: str, asked: Asked | None) -> KnownLink | Missing | None:
        """What `refresh` finds; None where the feed told of a change before it could be remembered."""
        address = asked.address if asked else ""
        try:
            value, late = self.feed.newest(key, await self._kv_get(key))
            if value is None and not key.endswith("/"):  # a domain's own record is in KV or nowhere
                # A link that was known may be asked for in any case: its refresh is nobody's guess.
                if self.memory.version(key) is None and not await self.misses.allow(address):
                    return Missing(0.0, "limited")
                value = await self._ask_origin(key, asked)
                if value is not None:  # it may have been sent before a change that the feed told of meanwhile
                    value, late = self.feed.newest(key, value)
        except Unreachable:
            return self._keep_or_give_up(key)
        if value is None:
            if not key.endswith("/"):
                self.misses.count(address)
            return self._remember_missing(key, late=late)
        return await self._read_record(key, value)

    async def from_kv(self, key: str) -> KnownLink | None:
        """What KV has of a key, remembered; None for nothing that could be read."""
        held = self.memory.get(key) is not None
        for _ in range(_MOST_OVERTAKEN):
            value, _ = self.feed.newest(key, await self._kv_get(key))
            found = None if value is None else await self._read_record(key, value)
            if value is None or found is not None:
                self._learned += isinstance(found, KnownLink) and not held
                return found if isinstance(found, KnownLink) else None
        return None

    async def from_origin(self, key: str, value: str) -> KnownLink | None:
        """A record that origin gave, remembered; None where a change that the feed told of meanwhile says otherwise."""
        newest, _ = self.feed.newest(key, value)
        found = None if newest is None else await self._read_record(key, newest)
        return found if isinstance(found, KnownLink) else None

    def kept(self, key: str) -> KnownLink | None:
        """A link that is held, however old, to be answered for now: nobody can say more of it."""
        link = self.memory.get(key)
        return None if link is None else self._extend(link, self._runtime.now())

    def nothing(self, key: str, reason: str = "") -> Missing:
        """Remember that there is nothing, under a key that need not be a link's; `reason` as Missing has it."""
        seconds = self._settings.unavailable_seconds if reason else self._settings.missing_seconds
        missing = Missing(self._runtime.now() + seconds, reason)
        self._missing.put(key, missing)
        return missing

    async def _read_record(self, key: str, value: str) -> KnownLink | Missing | None:
        """Open a record and remember it; None where the feed told of a change meanwhile."""
        try:
            record = await unseal(self._runtime, self._settings.edge_secret, decode(value))
            newest, late = self.feed.newest(key, value)  # a change may have come while it was opened
            return self._remember(key, record, value, late=late) if newest == value else None
        except (BadRecord, Unsendable):
            self._counters.bad_records += 1
            return self._keep_or_give_up(key)

    def wants_feed(self, visits: int) -> bool:
        """Whether this request is to `follow` the feed: one every FRESH_SECONDS, and none while every link is a new one.

        So the feed never costs more reads than reading links again would. `visits` is how many there were until now.
        """
        known_before = visits - self._learned
        if known_before <= self._known_before or not self.feed.claim(self._runtime.now()):
            return False
        self._known_before = known_before
        return True

    def wants_packs(self) -> bool:
        """Whether this request is to `preload`."""
        return self._preload.claim(self._learned)

    async def preload(self) -> None:
        """Read the packs of popular links."""
        await self._preload.run(self.follow)

    def _overtaken(self, key: str, version: int) -> bool:
        """Whether more is known of a key than what a pack says."""
        return key in self._missing or self.feed.overtook(key, version)

    async def follow(self) -> None:
        """Read the change feed, and bring what is held to where it is."""
        blind = self.feed.is_over(self._runtime.now())  # what it tells now may be long past
        changes = await self.feed.read()
        now = self._runtime.now()
        if self.feed.broke:
            self.memory.keep_packs(self.feed.settled)
            for link in self.known.values():
                if not self.feed.covers(link.read_at, now):
                    link.fresh_until = min(link.fresh_until, now)
        for change in changes:
            self._apply(change, now, blind=blind)

    def _apply(self, change: FeedChange, now: float, *, blind: bool) -> None:
        held = self.memory.version(change.key)
        if held is None:
            if change.means is not Means.GONE:
                self._missing.drop(change.key)
            return
        if change.version < held or (change.version == held and change.means is not Means.GONE):
            return
        self._counters.feed_changes += 1
        if change.means is Means.READ:
            self._wants_reading(change.key, 0.0 if blind else now + self._settings.stale_seconds)
        elif change.means is Means.VALUE:
            self._take(change, now)
        else:
            self.memory.drop(change.key)

    def _take(self, change: FeedChange, now: float) -> None:
        try:
            sealed = "sealed" in decode(change.value).options
        except BadRecord:
            self._counters.bad_records += 1
            return
        if sealed:
            self.memory.drop(change.key)
        else:
            self.memory.replace(change.key, change.value, now)

    def _wants_reading(self, key: str, usable_until: float) -> None:
        """By the next visitor, after the reply; not before it while that is soon enough."""
        link = self.memory.get(key)
        if link is not None:
            link.read_at = link.fresh_until = 0.0
            link.usable_until = usable_until

    async def catch_up(self) -> bool:
        """Whether the feed was read, which has only not been read for long: one read may vouch for all that is held."""
        if not (self.feed.slept(now := self._runtime.now()) and self.feed.claim(now)):
            return False
        await self.follow()
        return True

    async def _kv_get(self, key: str) -> str | None:
        """KV's value; None as well while KV itself fails, for origin may still answer."""
        self._counters.kv_reads += 1
        try:
            return await self._runtime.kv_get(key, self._settings.kv_timeout_seconds)
        except Unreachable:
            self._counters.kv_failures += 1
            # Whoever comes meanwhile is not to wait for the same failure: what is held is answered, however old.
            self._kv_rests_until = self._runtime.now() + self._settings.unavailable_seconds
            return None

    async def _ask_origin(self, key: str, asked: Asked | None) -> str | None:
        self._counters.origin_reads += 1
        if asked:
            asked.told_origin = True
        domain, _, code = key.partition("/")
        try:
            return await self._origin.find_link(domain, code, asked.reference if asked else "")
        except Unreachable:
            self._counters.origin_failures += 1
            raise

    def _remember(self, key: str, record: KvRecord, value: str, *, late: bool) -> KnownLink:
        now = self._runtime.now()
        link = self.memory.get(key)
        # KV may answer with an older copy than the one that origin or another read gave before.
        if link is None or record.version > link.record.version:
            link = known_link(self._runtime, record, key)
            link.value = "" if "sealed" in value and "sealed" in decode(value).options else value
            self.memory.put(key, link)
            self._missing.drop(key)
        link.read_at = 0.0 if late else now
        return self._extend(link, now)

    def _extend(self, link: KnownLink, since: float) -> KnownLink:
        """Fresh by time, and for longer where the feed vouches for it."""
        link.fresh_until = since + self._settings.fresh_seconds
        link.usable_until = link.fresh_until + self._settings.stale_seconds
        if self.feed.covers(link.read_at, since):
            link.fresh_until = max(link.fresh_until, self.feed.fresh_until)
        return link

    def _prepared(self, link: KnownLink) -> None:
        """A link that was held as text is used again."""
        link.fresh_until = link.read_at + self._settings.fresh_seconds
        link.usable_until = link.fresh_until + self._settings.stale_seconds

    def _remember_missing(self, key: str, *, late: bool) -> Missing:
        self.memory.drop(key)
        now = self._runtime.now()
        missing = Missing(now + self._settings.missing_seconds, read_at=0.0 if late else now)
        self._missing.put(key, missing)
        return missing

    def _keep_or_give_up(self, key: str) -> KnownLink | Missing:
        """Nobody answers: a link that was known stays known, however old; of an unknown one nothing can be said."""
        now = self._runtime.now()
        link = self.memory.get(key)
        if link is not None:
            return self._extend(link, now)
        missing = Missing(now + self._settings.unavailable_seconds, "unavailable")
        self._missing.put(key, missing)
        return missing
