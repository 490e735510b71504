"""Where a link leads right now. A link without conditions is decided once, when its record is read."""

from dataclasses import dataclass
from typing import Any

from shared.kv_record import KvRecord

STATUSES = (301, 302, 307, 308)
_DEFAULT_STATUS = 302
# Options whose effect depends on more than the record itself.
_CONDITIONS = frozenset({"disabled", "expires_at"})


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the visitor on; `counts` says whether it is a visit of the link."""

    status: int
    url: str
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Gone:
    """The link is known and does not lead anywhere; `reason` names the page to show."""

    reason: str


def is_simple(record: KvRecord) -> bool:
    """Whether every visitor at any time gets the same answer."""
    return not record.options or _CONDITIONS.isdisjoint(record.options)


def decide(record: KvRecord, now: float) -> Redirect | Gone:
    """The answer for one request at unix second `now`."""
    options = record.options
    if options.get("disabled"):
        return Gone("disabled")
    expires_at = options.get("expires_at")  # unix milliseconds
    if isinstance(expires_at, int | float) and now * 1000 >= expires_at:
        expired_url = options.get("expired_url")
        # Not the link's own destination, so not one of its clicks.
        return Redirect(_DEFAULT_STATUS, expired_url, counts=False) if expired_url else Gone("expired")
    return Redirect(_status(options), record.url)


def _status(options: dict[str, Any]) -> int:
    status = options.get("status", _DEFAULT_STATUS)
    return status if status in STATUSES else _DEFAULT_STATUS
