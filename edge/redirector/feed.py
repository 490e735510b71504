"""The change feed as the isolate follows it: what it need not read again, and what it must not believe of KV.

KV is eventually consistent key by key, so a read may bring what was there a minute ago. Two things together leave no change
out: a read that is `_SETTLED_SECONDS` old knows whatever had left the feed by then, and the feed lists all the rest.
"""

import math
from collections.abc import Callable

from redirector.counters import Counters
from redirector.ports import Runtime, Unreachable
from redirector.settings import EdgeSettings
from shared.change_feed import FEED_KEY, MOST_CHANGES, Feed, FeedChange, Means, decode
from shared.errors import BadRecord
from shared.kv_record import decode as decode_record

# Workers KV says "60 seconds or more"; this leaves room for the more, and for clocks that differ.
_SETTLED_SECONDS = 120.0
# A feed from a future further away than this was timed by a clock that says nothing about its age.
_CLOCKS_DIFFER_SECONDS = 30.0
# Before the feed counts as late, links that visitors ask for are read again after their replies, so that nobody has to wait.
_HANDOVER_SECONDS = 20.0
# Who has not read it for so many times FRESH_SECONDS reads it before the next reply.
_READ_SPANS = 3


class ChangeFeed:
    """Read every FRESH_SECONDS at most, and only where links are answered from memory at all."""

    def __init__(
        self, runtime: Runtime, settings: EdgeSettings, counters: Counters, forgot: Callable[[str], None]
    ) -> None:
        """`forgot` is told of each key whose change is not remembered here any more."""
        self._forgot = forgot
        self._runtime = runtime
        self._settings = settings
        self._counters = counters
        self._changes: dict[str, FeedChange] = {}  # the newest that was listed of each key
        self._head = -1  # of the last feed; -1 before the first
        self._at = -math.inf
        self._since = math.inf
        self._forgot_at = -math.inf  # what is not among `_changes` any more was in KV before
        self._next_read = 0.0
        self._read_at = -math.inf  # the last time that it could be read
        self._failing = False  # the last time that it was to be read, it could not
        self.broke = False  # the last feed did not go on from the one before

    @property
    def alive_until(self) -> float:
        """Until when the feed that was read last vouches for what is held (unix seconds)."""
        return self._at + self._settings.feed_seconds

    @property
    def fresh_until(self) -> float:
        """Until when what it vouches for is answered without a look at the feed."""
        return min(self.alive_until - _HANDOVER_SECONDS, self._read_at + 2 * self._settings.fresh_seconds)

    def covers(self, read_at: float, now: float) -> bool:
        """Whether what was read at a time is known to be KV's newest, but for what is listed."""
        return not self.is_over(now) and self.settled(read_at)

    def settled(self, read_at: float) -> bool:
        """Whether all changes since a read are listed, were the feed alive or not."""
        return read_at - _SETTLED_SECONDS >= self._since

    def remembers(self, read_at: float) -> bool:
        """The same, and they are all remembered here."""
        return self.settled(read_at) and read_at - _SETTLED_SECONDS >= self._forgot_at

    def overtook(self, key: str, version: int) -> bool:
        """Whether a change is listed after which this version of a key counts no more."""
        change = self._changes.get(key)
        if change is None:
            return False
        return change.version > version or (change.version == version and change.means is Means.GONE)

    def wavers(self, now: float) -> bool:
        """Whether the feed may soon vouch for nothing any more, so that links had better be read again in time."""
        return self._failing or now >= self.alive_until - _HANDOVER_SECONDS

    def claim(self, now: float) -> bool:
        """Whether this request is to read the feed."""
        if now < self._next_read or not self._settings.feed_seconds:
            return False
        self._next_read = now + self._settings.fresh_seconds
        return True

    def slept(self, now: float) -> bool:
        """Whether a feed that there was has only not been read for long."""
        return self._head >= 0 and self.is_over(now)

    def is_over(self, now: float) -> bool:
        """Whether it vouches for nothing, since it is not written or was not read for too long."""
        return now >= self.alive_until or now >= self._read_at + _READ_SPANS * self._settings.fresh_seconds

    async def read(self) -> list[FeedChange]:
        """Read the feed; what it lists that was not seen before. Failing is no error: the feed grows late by it."""
        self.broke = False
        self._counters.kv_reads += 1
        self._counters.feed_reads += 1
        try:
            text = await self._runtime.kv_get(FEED_KEY, self._settings.kv_timeout_seconds, soon=True)
            changes = [] if text is None else self._follow(decode(text))
        except Unreachable:
            self._counters.kv_failures += 1
            text = None
        except BadRecord:
            self._counters.bad_records += 1
            text = None
        self._failing = text is None
        if self._failing:
            return []
        self._read_at = self._runtime.now()
        return changes

    def newest(self, key: str, value: str | None) -> tuple[str | None, bool]:
        """What KV has by the feed's word, where `value` was read a moment ago; and whether that is or may be late.

        None as well where the feed only says that the value must not be followed any more: origin knows the one to follow.
        """
        change = self._changes.get(key)
        if change is None:
            return value, self._runtime.now() - _SETTLED_SECONDS < self._forgot_at
        version = _version(value)
        if version > change.version or (version == change.version and change.means is not Means.GONE):
            return value, False
        if value is None and self.is_over(self._runtime.now()):
            return None, True  # the key may have gone since, which a feed that is not written does not tell
        if change.means is Means.VALUE:
            return change.value, False
        return (value, True) if change.means is Means.READ else (None, False)

    def _follow(self, feed: Feed) -> list[FeedChange]:
        if feed.at > self._runtime.now() + _CLOCKS_DIFFER_SECONDS:
            raise BadRecord
        if feed.at <= self._at:
            return []  # nothing new, or an older copy, as KV may hand out
        first, again = self._head < 0, feed.head < self._head
        broke = first or again or feed.first > self._head + 1
        changes = feed.after(0 if broke else self._head)
        if broke:
            # Numbers that start again are those of another feed, which knows nothing of what this isolate holds.
            self._since = feed.at if again else feed.since
            if again:
                self._changes.clear()
            self._counters.feed_gaps += not first
        self.broke = broke
        self._head, self._at = feed.head, feed.at
        for change in changes:
            self._list(change, feed.since)
        return changes

    def _list(self, change: FeedChange, left_before: float) -> None:
        self._changes.pop(change.key, None)
        self._changes[change.key] = change
        if len(self._changes) > MOST_CHANGES:
            # A feed has no more changes than are kept here, so the oldest of them has left it.
            oldest = next(iter(self._changes))
            del self._changes[oldest]
            self._forgot_at = left_before
            self._forgot(oldest)


def _version(value: str | None) -> int:
    try:
        return 0 if value is None else decode_record(value).version
    except BadRecord:
        return 0
