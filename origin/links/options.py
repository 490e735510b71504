"""What a link's KV record says beside its URL: the options that the edge acts on (docs/edge.md lists them)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from origin import outbox
from origin.links import redirects
from origin.links.sealing import seal
from origin.storage.tables import Row
from shared.kv_record import KvRecord, encode

# Options that a password need not protect: whether the link leads anywhere at all.
_LIFE = frozenset({"disabled", "blocked", "starts_at", "expires_at", "capped", "password"})
# What the page says that stands before a link in quarantine.
_WARNINGS = {
    "phishing": "It may imitate another site to get passwords or payment details.",
    "malware": "It may try to put harmful programs on your device.",
    "spam": "It was sent around as spam.",
    "abuse": "It was reported for abuse.",
}


@dataclass(frozen=True, slots=True)
class Records:
    """Renders the records of links. The edge has the same secret."""

    edge_secret: str = field(repr=False)

    def render(self, row: Row, version: int, below: list[str] | bool | None = None) -> str:
        """The value for KV; `below` is the option of that name, where the link carries paths on."""
        found = options(row) | ({"below": below} if below else {})
        url = row.url
        if row.password_hash:
            protected = {"url": url, **{name: value for name, value in found.items() if name not in _LIFE}}
            found = {name: value for name, value in found.items() if name in _LIFE}
            found["sealed"] = seal(self.edge_secret, row.id, protected)
            url = ""
        return encode(KvRecord(row.id, row.workspace_id, version, url, found))


def concerns_edge(before: Row, after: Row) -> bool:
    """Whether a change of a link changes its record."""
    return before.url != after.url or options(before) != options(after)


def urgency(row: Row) -> int:
    """The priority of a link's record in the outbox."""
    if row.quarantine is not None:
        return outbox.QUARANTINE
    return outbox.USUAL if row.disabled_at is None and row.capped_at is None else outbox.CLOSING


def options(row: Row) -> dict[str, Any]:
    """The options of a link; a plain link has none."""
    variants = [{"url": each["url"], "weight": each["percentage"]} for each in row.test_variants or []]
    found: dict[str, Any] = {
        "disabled": row.disabled_at is not None or None,
        "expires_at": _milliseconds(row.expires_at),
        "capped": row.capped_at is not None or None,
        "expired_url": row.expired_url if row.expires_at is not None or row.capped_at is not None else None,
        "password": row.password_hash,
        "geo": row.geo,
        "ios": row.ios,
        "android": row.android,
        "variants": variants or None,
        "variants_from": _milliseconds(row.test_started_at) if variants else None,
        "variants_until": _milliseconds(row.test_completed_at) if variants else None,
        "track": row.track_conversion or None,
        "index": row.do_index or None,
        "cloak": row.rewrite or None,
        "og": _preview(row) if row.proxy else None,
        **redirects.options(row.redirect or {}),
        **_quarantine(row.quarantine),
    }
    return {name: value for name, value in found.items() if value is not None}


def _quarantine(given: dict[str, str] | None) -> dict[str, Any]:
    if given is None:
        return {}
    if given["action"] == "block":
        return {"disabled": True, "blocked": True}
    return {"unsafe": _WARNINGS.get(given["reason"], True)}


def _preview(row: Row) -> dict[str, str] | None:
    given = {name: getattr(row, name) for name in ("title", "description", "image", "video")}
    return {name: value for name, value in given.items() if value} or None


def _milliseconds(time: datetime | None) -> int | None:
    return None if time is None else int(time.timestamp() * 1000)
