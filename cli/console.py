"""What is printed: answers on stdout, everything else on stderr."""

import json
from typing import Any

from rich.console import Console

# Links hold brackets and colons: nothing of them may be read as rich's markup or emoji.
_PLAIN: dict[str, Any] = {"markup": False, "highlight": False, "emoji": False}


# Wider than any line: what goes into a file or another program is neither wrapped nor cut.
_NO_TERMINAL = 100_000


def out() -> Console:
    """stdout, as it is now."""
    console = Console(**_PLAIN)
    return console if console.is_terminal else Console(**_PLAIN, width=_NO_TERMINAL)


def counted(number: int, thing: str) -> str:
    """As in "1 click" and "2 clicks"."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


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
