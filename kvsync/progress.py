"""How far a long walk is: a line that renews itself on a terminal, else a line now and then."""

import sys
import time
from typing import TextIO

_ON_A_TERMINAL_SECONDS = 0.2
_ELSEWHERE_SECONDS = 10.0


class Progress:
    """Shows text, no more often than is of use."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._every = _ON_A_TERMINAL_SECONDS if self._terminal else _ELSEWHERE_SECONDS
        self._next = time.monotonic() + self._every

    def show(self, text: str) -> None:
        """Show it, unless something was shown just now."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self._every
            self._stream.write(f"\r\x1b[2K{text}" if self._terminal else f"{text}\n")
            self._stream.flush()

    def clear(self) -> None:
        """Make room for other output."""
        if self._terminal:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()
