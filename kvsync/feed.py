"""What is told of published changes to those who hold links (shared.change_feed)."""

import time
from collections.abc import Iterable
from typing import Any

from psycopg import AsyncConnection

from kvsync.changes import Change
from kvsync.sql import statements
from shared import kv_record
from shared.change_feed import MOST_VALUE_BYTES, FeedChange, Means
from shared.errors import BadRecord

_SQL = statements("feed.sql")
_CLOSING = ("disabled", "capped", "unsafe", "password", "once")


async def tell(connection: AsyncConnection[Any], written: Iterable[Change]) -> None:
    """Queue these for the feed, on the caller's transaction; raises psycopg.Error.

    A link that is in KV for the first time is left out: nobody holds an older one, and an import would fill the feed with
    such. A domain's first record is not: that it has none is remembered for as long as the feed does not say otherwise.
    """
    now = time.time()
    lines = [told(change, now).line() for change in written if not change.first or change.key.endswith("/")]
    if lines:
        await connection.execute(_SQL["tell"], {"lines": lines})


def told(change: Change, now: float) -> FeedChange:
    """How the feed tells a change. `now`, in unix seconds, decides whether a link has expired."""
    if change.value is None:
        return FeedChange(Means.GONE, change.key, change.version)
    if len(change.value.encode()) <= MOST_VALUE_BYTES:
        return FeedChange(Means.VALUE, change.key, change.version, change.value)
    means = Means.CLOSED if _closes(change.value, now) else Means.READ
    return FeedChange(means, change.key, change.version)


def _closes(value: str, now: float) -> bool:
    """Whether an older record of the link may lead where this one does not any more."""
    try:
        options = kv_record.decode(value).options
    except BadRecord:
        return False
    expires = options.get("expires_at")
    expired = isinstance(expires, int | float) and expires <= now * 1000
    return expired or any(options.get(name) for name in _CLOSING)
