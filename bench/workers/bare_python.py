"""The least that a redirect can be in Python: no link is looked up, no click recorded."""

from typing import Any

import js
from pyodide.ffi import to_js

_ready: list[Any] = []


def on_fetch(request: Any, env: Any, ctx: Any) -> Any:  # noqa: ARG001  # the shape that the runtime calls
    """One reply, made within the first request and sent again and again."""
    if not _ready:
        init = {"status": 302, "headers": [["Location", "https://example.com/"]]}
        _ready.append(js.Response.new(None, to_js(init, dict_converter=js.Object.fromEntries)))
    return _ready[0]


# As edge/redirector/runtime.py does: the runtime then does not bind the arguments on each request.
on_fetch.__signature__ = ()  # type: ignore[attr-defined]  # functions take any attribute
