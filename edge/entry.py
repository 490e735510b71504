"""The Worker, as global functions: the fastest shape that the runtime has. entry_class.py is its twin as a class."""

from typing import Any

from redirector.isolate import Isolate
from redirector.runtime import handler

_isolate = Isolate()


@handler
def on_fetch(request: Any, env: Any, ctx: Any) -> Any:
    """A request: the reply itself, or a coroutine of it."""
    return (_isolate.edge or _isolate.start(env)).fetch(request, ctx)


@handler
async def on_queue(batch: Any, env: Any, ctx: Any) -> None:  # noqa: ARG001  # the shape that Cloudflare calls
    """Clicks that origin did not take at once. (The embedded runtime has no queues in Python: its runner calls the edge.)"""
    await _isolate.consume(batch, env)
