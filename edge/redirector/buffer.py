"""Visits that wait in the isolate's memory: at first as the requests themselves, then as the clicks that origin reads."""

from collections import deque

from redirector.clicks import ClickWriter, Visit, nothing_seen
from redirector.counters import Counters
from redirector.ports import Runtime, Unreadable

# So many requests are read at once, in a fifth of the time that they take one by one.
READ_AT = 100
# Of a click's string and its place in the queue, beside its text.
_OVERHEAD_BYTES = 80


class Buffer:
    """`unread` is appended to by the hit path itself, which then calls `read` at READ_AT."""

    def __init__(self, runtime: Runtime, writer: ClickWriter, counters: Counters) -> None:
        self.unread: list[Visit] = []
        self.bytes = 0
        self._runtime = runtime
        self._writer = writer
        self._counters = counters
        self._clicks: deque[str] = deque()

    def __len__(self) -> int:
        return len(self.unread) + len(self._clicks)

    def read(self) -> None:
        """Write down what is kept of the requests, and let go of them."""
        if not self.unread:
            return
        visits = self.unread.copy()
        self.unread.clear()
        try:
            facts = self._runtime.facts([visit[-1] for visit in visits])
        except Unreadable:  # the links were visited all the same
            self._counters.visits_unread += len(visits)
            facts = nothing_seen(len(visits))
        clicks = self._writer.write(visits, facts)
        self._clicks.extend(clicks)
        self.bytes += _size(clicks)

    def take(self, most: int, most_bytes: int) -> list[str]:
        """The oldest clicks that fit, at least one where there is one."""
        clicks, taken, size = self._clicks, list[str](), 0
        while clicks and len(taken) < most:
            click = clicks[0]
            size += (len(click) if click.isascii() else len(click.encode())) + 1
            if taken and size > most_bytes:
                break
            taken.append(clicks.popleft())
        self.bytes -= _size(taken)
        return taken

    def drop(self) -> None:
        """Forget the oldest click."""
        self.bytes -= _size([self._clicks.popleft()])


def _size(clicks: list[str]) -> int:
    return sum(map(len, clicks)) + _OVERHEAD_BYTES * len(clicks)
