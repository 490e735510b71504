"""What a link's KV record says beside its URL: the options that the edge acts on (docs/edge.md lists them)."""

from typing import Any

from origin.storage.tables import Row

# The columns that a record is made of: a change of any other does not concern the edge.
COLUMNS = frozenset({"url", "domain", "key", "expires_at", "expired_url", "disabled_at"})


def of(row: Row) -> dict[str, Any]:
    """The options of a link; a plain link has none."""
    found: dict[str, Any] = {}
    if row.disabled_at is not None:
        found["disabled"] = True
    if row.expires_at is not None:
        found["expires_at"] = int(row.expires_at.timestamp() * 1000)
        if row.expired_url:
            found["expired_url"] = row.expired_url
    return found
