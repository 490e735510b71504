"""A request on the slower way: what it says is read when an answer asks for it."""

from collections.abc import Coroutine
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from redirector.address import split_url
from redirector.clicks import Visit, read_facts
from redirector.ports import Context, Request, Response, Runtime
from redirector.request_names import RequestNames

Answer: TypeAlias = Response | Coroutine[None, None, Response]


@dataclass
class Asked:
    """`host`, `path` (without its first slash) and `url` as sent."""

    runtime: Runtime
    request: Request
    context: Context
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

    @cached_property
    def seen(self) -> dict[str, Any]:
        """Runtime.facts, read. Of a simple link the buffer does that later, for many visits at once."""
        (headers,), (place,) = self.runtime.facts((self.request,))
        return read_facts(headers, place)

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
        return self.runtime.header(self.request, "cf-connecting-ip") or ""


def read_request(runtime: Runtime, names: RequestNames, request: Request, context: Context, now: float) -> Asked:
    """What tells the ways of answering apart."""
    url = runtime.url(request)
    host, path, _ = split_url(url)
    return Asked(runtime, request, context, now, url, runtime.method(request), host, path, names)
