"""How every process writes a log line: one JSON object for machines, or a short line for the people who run `make run`.

The last of structlog's processors; it needs nothing but the standard library itself.
"""

import json
import os
from collections.abc import MutableMapping
from typing import Any

VARIABLE = "NEARHOP_LOG_FORMAT"
TEXT = "text"
# What uvicorn adds for its own colours.
_NOISE = ("color_message",)


def render(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    """The line for one event; `NEARHOP_LOG_FORMAT=text` makes it `12:30:59 level event name=value ...`."""
    for name in _NOISE:
        event.pop(name, None)
    return _text(event) if os.environ.get(VARIABLE) == TEXT else json.dumps(event, default=str, ensure_ascii=False)


def _text(event: MutableMapping[str, Any]) -> str:
    time = str(event.pop("timestamp", "")).partition("T")[2][:8]
    level, what, trace = event.pop("level", "info"), event.pop("event", ""), event.pop("exception", "")
    event.pop("request_id", None)
    fields = "".join(f" {name}={_value(value)}" for name, value in event.items())
    return f"{time} {'' if level == 'info' else f'{level} '}{what}{fields}" + (f"\n{trace}" if trace else "")


def _value(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or any(mark in text for mark in ' "\n=') else text
