"""What an isolate knows about a key: a link, or that there is none."""

import json
from dataclasses import dataclass

from redirector.ports import Response, Runtime
from redirector.resolve import Redirect, decide, is_simple
from shared.kv_record import KvRecord

# What the objects around an entry's texts take, roughly: the entry, its record and its prepared reply.
_OVERHEAD_BYTES = 1_000


class KnownLink:
    """A link as it is cached: the record parsed once, a simple link's reply made once, its part of each click written once."""

    __slots__ = ("fragment", "fresh_until", "key", "record", "response", "size", "usable_until")

    def __init__(self, record: KvRecord, key: str, response: Response | None) -> None:
        self.record = record
        self.key = key
        self.response = response  # None: each request is decided by itself
        self.fragment = self.click_fragment(record.url)
        self.size: int = _OVERHEAD_BYTES + 4 * len(key) + 3 * len(record.url) + len(str(record.options))
        self.fresh_until = 0.0  # unix seconds
        self.usable_until = 0.0

    def click_fragment(self, url: str) -> str:
        """The members of a click that the link itself gives, as JSON without braces."""
        record = self.record
        fields = {"link": record.link_id, "workspace": record.workspace_id, "version": record.version}
        domain, _, code = self.key.partition("/")
        texts = {"domain": domain, "code": code, "url": url}
        return json.dumps({**fields, **texts}, ensure_ascii=False, separators=(",", ":"))[1:-1]


@dataclass(frozen=True, slots=True)
class Missing:
    """Nothing to redirect to, remembered until `until`: no such link, or `unavailable` while origin does not answer."""

    until: float
    unavailable: bool = False
    size: int = 200


def known_link(runtime: Runtime, record: KvRecord, key: str, now: float) -> KnownLink:
    """Prepare a record for the cache; raises Unsendable."""
    response = None
    if is_simple(record):
        answer = decide(record, now)
        if isinstance(answer, Redirect):
            response = runtime.redirect(answer.status, answer.url)
    return KnownLink(record, key, response)
