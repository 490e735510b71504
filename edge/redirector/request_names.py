"""Ids under which the logs of every service have a request or a call."""

from redirector.ports import Request, Runtime
from shared.request_id import HEADER, is_proper

_CLOUDFLARE = "CF-Ray"


class RequestNames:
    """One of these an isolate."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.isolate = runtime.random_name()
        self._made = 0

    def of(self, request: Request) -> str:
        """The id that a visitor's request came with, else the one that Cloudflare gave it, else a new one."""
        for header in (HEADER, _CLOUDFLARE):
            given = self._runtime.header(request, header) or ""
            if is_proper(given):
                return given
        return self.new()

    def new(self) -> str:
        """An id that nothing else has."""
        self._made += 1
        return f"edge-{self.isolate}-{self._made}"
