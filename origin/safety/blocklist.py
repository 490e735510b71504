"""The operator's own list of harmful addresses: a file, read again when it changes.

A line is a host (`bad.example`, which stands for the names below it as well), the beginning of a URL
(`https://good.example/users/bad/`, whatever its scheme), or a line of a hosts file (`0.0.0.0 bad.example`). `#` begins a
comment.
"""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import anyio.to_thread
import structlog
from prometheus_client import Gauge

from origin.safety.web_address import WebAddress, read

ENTRIES = Gauge("nearhop_blocklist_entries", "Hosts and beginnings of URLs in the blocklist in use.")
MOST_BYTES = 64 << 20
_LOOK_SECONDS = 5.0
_NOWHERE = {"0.0.0.0", "127.0.0.1", "::", "::1"}  # noqa: S104  # what hosts files send names to

_log = structlog.get_logger("origin.safety")


class _Lists(NamedTuple):
    hosts: frozenset[str]
    beginnings: Mapping[str, tuple[str, ...]]  # of path and query, by host

    @property
    def entries(self) -> int:
        return len(self.hosts) + sum(map(len, self.beginnings.values()))


class Blocklist:
    """Without a path it lists nothing. A file that can't be read leaves the list as it is, and is logged."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lists = _Lists(frozenset(), {})
        self._seen: tuple[int, int] | None = None
        self._look_at = 0.0
        self._current = False

    @property
    def in_use(self) -> bool:
        """Whether there is a file."""
        return self._path is not None

    @property
    def is_current(self) -> bool:
        """Whether the file was there to be read when it was looked at last: only then does it speak for who is not listed."""
        return self._current

    async def refresh(self) -> None:
        """Read the file again if it has changed; it is looked at every five seconds at most."""
        if self._path is None or time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + _LOOK_SECONDS
        await self.load()

    async def load(self) -> None:
        """Read the file if it has changed."""
        assert self._path is not None
        try:
            self._seen, self._lists = await anyio.to_thread.run_sync(_read, self._path, self._seen, self._lists)
            self._current = True
        except (OSError, ValueError) as error:
            self._current = False
            _log.warning("blocklist not read", path=str(self._path), error=str(error))
        ENTRIES.set(self._lists.entries)

    def has(self, address: WebAddress) -> bool:
        """Whether the address is listed."""
        if not self._lists.hosts.isdisjoint(_names_above(address.host)):
            return True
        asked = address.path if address.query is None else f"{address.path}?{address.query}"
        return asked.startswith(self._lists.beginnings.get(address.host, ()))


def _names_above(host: str) -> Iterator[str]:
    while host:
        yield host
        host = host.partition(".")[2]


def _read(path: Path, seen: tuple[int, int] | None, before: _Lists) -> tuple[tuple[int, int], _Lists]:
    """The state of the file and what it lists; raises OSError or ValueError."""
    state = path.stat()
    now = (state.st_mtime_ns, state.st_size)
    if now == seen:
        return now, before
    if state.st_size > MOST_BYTES:
        raise ValueError(f"it has {state.st_size} bytes, and {MOST_BYTES} is the most")
    hosts, beginnings = set[str](), dict[str, list[str]]()
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if text := _entry(line):
                _add(text, number, hosts, beginnings)
    found = _Lists(frozenset(hosts), {host: tuple(paths) for host, paths in beginnings.items()})
    _log.info("blocklist read", path=str(path), entries=found.entries)
    return now, found


def _entry(line: str) -> str:
    words = line.partition("#")[0].split()
    return (words[1] if words[0] in _NOWHERE and len(words) > 1 else words[0]) if words else ""


def _add(text: str, number: int, hosts: set[str], beginnings: dict[str, list[str]]) -> None:
    address = read(text if "://" in text else f"http://{text}")
    if address is None:
        _log.warning("line of the blocklist not understood", line=number)
    elif address.path == "/" and address.query is None:
        hosts.add(address.host)
    else:
        end = "" if address.query is None else f"?{address.query}"
        beginnings.setdefault(address.host, []).append(address.path + end)
