"""The Worker as a class, the way Cloudflare documents it: the same code as entry.py for a `main` that wants it so."""

from collections.abc import Coroutine
from typing import Any

from redirector.isolate import Isolate
from redirector.runtime import WorkerEntrypoint, unwrapped

_isolate = Isolate()


class Default(WorkerEntrypoint):  # type: ignore[misc]  # the SDK has no types
    """One instance a request: what lives longer is the isolate's."""

    async def fetch(self, request: Any, *_: Any) -> Any:
        """A request."""
        reply = (_isolate.edge or _isolate.start(self.env)).fetch(unwrapped(request), self.ctx)
        return await reply if isinstance(reply, Coroutine) else reply

    async def queue(self, batch: Any, *_: Any) -> None:
        """Clicks that origin did not take at once."""
        await _isolate.consume(batch, self.env)
