"""A URL in the one spelling that lists of harmful addresses use, and the parts of it that they may name.

Canonical form and expressions are those of Safe Browsing ("URLs and hashing"): an address is listed by its host or a domain
above it, and its path or a folder above that.
"""

import ipaddress
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from origin.links import destinations
from origin.problems import Unprocessable

_MOST_HOSTS = 5  # beside the host itself four domains above it, of its last five labels at most
_MOST_FOLDERS = 4  # from the root on
_MOST_UNQUOTES = 32
_SAFE = frozenset(bytes(range(33, 127))) - frozenset(b"%#")


class WebAddress(NamedTuple):
    """`host` is in lower case and punycode, `path` begins with a slash, `query` has no question mark; None: there is none."""

    host: str
    path: str
    query: str | None

    def hosts(self) -> list[str]:
        """The host, and domains above it, the longest first. What stands above an IP address is none."""
        if _is_ip(self.host):
            return [self.host]
        labels = self.host.split(".")
        first = max(1, len(labels) - _MOST_HOSTS)
        above = [".".join(labels[n:]) for n in range(first, len(labels) - 1)]
        return [self.host, *above[: _MOST_HOSTS - 1]]

    def paths(self) -> list[str]:
        """The path with and without query, and folders above it."""
        exact = [self.path] if self.query is None else [f"{self.path}?{self.query}", self.path]
        parts = self.path.split("/")[1:-1]
        folders = ["/", *("/" + "/".join(parts[:n]) + "/" for n in range(1, len(parts) + 1))]
        return list(dict.fromkeys([*exact, *folders[:_MOST_FOLDERS]]))

    def hashes(self) -> set[bytes]:
        """SHA-256 of everything that a list may name it by."""
        return {sha256((host + path).encode()).digest() for host in self.hosts() for path in self.paths()}


def read(url: str) -> WebAddress | None:
    """The address of a web URL; None for anything else."""
    try:
        host = destinations.check(url.strip(), allow_private=True).host
    except Unprocessable:
        return None
    rest = url.strip().partition("#")[0].replace("\\", "/").partition("://")[2]
    before, mark, query = rest.partition("?")
    _, _, path = before.partition("/")
    return WebAddress(host.strip("."), _canonical_path(path), _escaped(_unescaped(query)) if mark else None)


def _canonical_path(path: str) -> str:
    plain = _unescaped(path)
    found: list[bytes] = []
    parts = plain.split(b"/")
    for part in parts:
        if part == b"..":
            del found[-1:]
        elif part not in {b".", b""}:
            found.append(part)
    folder = bool(found) and parts[-1] in {b"", b".", b".."}
    return "/" + _escaped(b"/".join(found)) + ("/" if folder else "")


def _unescaped(text: str) -> bytes:
    """Percent-escapes undone as often as there are any."""
    plain = text.encode()
    for _ in range(_MOST_UNQUOTES):
        once = unquote_to_bytes(plain)
        if once == plain:
            break
        plain = once
    return plain


def _escaped(plain: bytes) -> str:
    return "".join(chr(each) if each in _SAFE else f"%{each:02X}" for each in plain)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
