"""A request that was read in full, on the way on which that costs nothing that matters."""

import json
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeAlias

from redirector.address import split_url
from redirector.clicks import MAX_FACTS, shorten
from redirector.ports import Context, Request, Response

Answer: TypeAlias = Response | Coroutine[None, None, Response]


@dataclass(frozen=True, slots=True)
class Asked:
    """`host`, `path` (without its first slash) and `url` as sent."""

    request: Request
    context: Context
    facts: str  # Runtime.facts
    seen: dict[str, Any]  # the same, read
    now: float
    url: str
    method: str
    host: str
    path: str

    @property
    def objects(self) -> bool:
        """Whether the browser says that this visitor does not want to be tracked."""
        return self.seen.get("dnt") == "1" or self.seen.get("sec-gpc") == "1"

    @property
    def address(self) -> str:
        """The visitor's IP address, where it is known."""
        return self.seen.get("cf-connecting-ip") or ""

    def bounded_facts(self) -> str:
        """The facts, cut where they would take too much of the buffer."""
        return self.facts if len(self.facts) <= MAX_FACTS else shorten(self.facts)


def read_request(request: Request, context: Context, facts: str, now: float) -> Asked:
    """Everything that answers are made from."""
    seen = json.loads(facts)
    url = seen["url"]
    host, path, _ = split_url(url)
    return Asked(request, context, facts, seen, now, url, seen["method"], host, path)
