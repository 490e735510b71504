"""What an isolate knows about a key: a link, or that there is none."""

import json
from dataclasses import dataclass
from typing import Any

from redirector import destination
from redirector.behaviour import PLAIN, Behaviour, is_simple, read_behaviour
from redirector.loops import leads_to_itself
from redirector.ports import Response, Runtime
from shared.kv_record import KvRecord

# What the objects around an entry's texts take, as measured: the entry, its record, and above all its prepared reply.
_OVERHEAD_BYTES = 3_500
_NO_INDEX = {"X-Robots-Tag": "noindex"}


class KnownLink:
    """A link as it is cached: the record parsed once, a simple link's reply made once, its part of each click written once."""

    __slots__ = (
        "behaviour",
        "fragment",
        "fresh_until",
        "key",
        "read_at",
        "record",
        "response",
        "size",
        "usable_until",
        "value",
    )

    def __init__(self, record: KvRecord, key: str, behaviour: Behaviour, url: str, response: Response | None) -> None:
        self.record = record
        self.key = key
        self.behaviour = behaviour
        self.response = response  # None: each request is decided by itself
        self.fragment = self.click_fragment(url)
        # Read options take about three times their text.
        options = 3 * len(str(record.options)) if record.options else 0
        self.size: int = _OVERHEAD_BYTES + 4 * len(key) + 4 * len(record.url) + options
        self.value = ""  # the record as KV has it; empty where it holds sealed options
        # Unix seconds. What was written before `read_at`, and reached KV, is known; 0 where KV is known to be late.
        self.read_at = 0.0
        self.fresh_until = 0.0
        self.usable_until = 0.0

    def click_fragment(self, url: str, more: dict[str, Any] | None = None, click_id: str = "") -> str:
        """The members of a click that the link itself gives, as JSON without braces."""
        record = self.record
        domain, _, code = self.key.partition("/")
        fields: dict[str, Any] = {"id": click_id} if click_id else {}
        fields |= {"link": record.link_id, "workspace": record.workspace_id, "version": record.version}
        fields |= {"domain": domain, "code": code, "url": url, **(more or {})}
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))[1:-1]

    @property
    def is_domain(self) -> bool:
        """Whether this is the record of a domain."""
        return self.key.endswith("/")


@dataclass(frozen=True, slots=True)
class Missing:
    """Nothing to redirect to, remembered until `until`."""

    until: float
    reason: str = ""  # "unavailable" while origin does not answer, "limited" for an address that asked for too many
    read_at: float = 0.0
    size: int = 250


def redirect_headers(behaviour: Behaviour) -> dict[str, str]:
    """What every redirect of a link says beside its Location."""
    return {} if behaviour.index else _NO_INDEX


def known_link(runtime: Runtime, record: KvRecord, key: str) -> KnownLink:
    """Prepare a record for the cache; raises Unsendable."""
    behaviour = read_behaviour(record) if record.options else PLAIN
    if key.endswith("/") or not is_simple(record):
        return KnownLink(record, key, behaviour, record.url, None)
    url = destination.build(record.url, behaviour.additions, "", "", "")
    response = None
    if not leads_to_itself(key, url):
        response = runtime.redirect(behaviour.status, url, redirect_headers(behaviour))
    return KnownLink(record, key, behaviour, url, response)
