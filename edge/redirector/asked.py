"""A request that was read in full, on the way on which that costs nothing that matters."""

import json
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeAlias

from redirector.address import split_url
from redirector.clicks import Visit
from redirector.ports import Context, Request, Response, Runtime
from redirector.request_names import RequestNames

Answer: TypeAlias = Response | Coroutine[None, None, Response]


@dataclass(slots=True)
class Asked:
    """`host`, `path` (without its first slash) and `url` as sent."""

    request: Request
    context: Context
    seen: dict[str, Any]  # Runtime.facts, read
    now: float
    url: str
    method: str
    host: str
    path: str
    names: RequestNames
    told_origin: bool = False  # whether origin was asked for this request, under its id
    _reference: str = ""

    @property
    def reference(self) -> str:
        """The request's id, found when it is wanted: most requests are answered without."""
        self._reference = self._reference or self.names.of(self.request)
        return self._reference

    @property
    def objects(self) -> bool:
        """Whether the browser says that this visitor does not want to be tracked."""
        return self.seen.get("dnt") == "1" or self.seen.get("sec-gpc") == "1"

    def visit(self, fragment: str) -> Visit:
        """For the buffer: this request, and what the link gives to its click."""
        return self.now, fragment, self.method, self.url, self.request

    @property
    def address(self) -> str:
        """The visitor's IP address, where it is known."""
        return self.seen.get("cf-connecting-ip") or ""


def read_request(runtime: Runtime, names: RequestNames, request: Request, context: Context, now: float) -> Asked:
    """Everything that answers are made from."""
    (facts,) = runtime.facts((request,))
    url = request.url
    host, path, _ = split_url(url)
    return Asked(request, context, json.loads(facts), now, url, request.method, host, path, names)
