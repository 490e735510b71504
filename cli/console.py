"""What is printed: answers on stdout, everything else on stderr."""

import json
from typing import Any

from rich.console import Console

# Links hold brackets and colons: nothing of them may be read as rich's markup or emoji.
_PLAIN: dict[str, Any] = {"markup": False, "highlight": False, "emoji": False}


def out() -> Console:
    """stdout, as it is now."""
    return Console(**_PLAIN)


def err() -> Console:
    """stderr, as it is now."""
    return Console(stderr=True, **_PLAIN)


def say(text: str = "") -> None:
    """A line on stdout, never wrapped."""
    out().print(text, soft_wrap=True)


def note(text: str) -> None:
    """A line on stderr, never wrapped."""
    err().print(text, soft_wrap=True)


def show_json(value: Any) -> None:
    """A value for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False))  # noqa: T201  # rich would wrap and colour it
