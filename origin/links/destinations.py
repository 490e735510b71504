"""Where a link may lead. A URL is stored as it was given, byte for byte; here it is only looked at.

Hosts are read as browsers read them (WHATWG URL), since those decide where the visitor ends up: `0x7f.1` is 127.0.0.1.
"""

import ipaddress
import re
import socket
import unicodedata
from dataclasses import dataclass

from msgspec import Meta

from origin.problems import Unprocessable

MAX_BYTES = 8192
# IDNA reads these as dots.
_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
# The authority ends at a backslash too: browsers take it for a slash.
_AUTHORITY = re.compile(r"https?://([^/\\?#]*)", re.IGNORECASE)
_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::([0-9]{0,5}))?")
_FORBIDDEN_IN_HOST = frozenset(" %<>^|`{}\"'")
_PRIVATE_ENDINGS = ("localhost", "local", "internal", "home.arpa", "onion")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}
# What the OpenAPI document says of a destination; `check` has better words, and looks at the host as well.
WEB_ADDRESS = Meta(
    extra_json_schema={"format": "uri", "pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://\S+$", "maxLength": MAX_BYTES}
)
# The same, or "" for none.
WEB_ADDRESS_OR_NONE = Meta(
    max_length=MAX_BYTES, extra_json_schema={"format": "uri", "pattern": r"^([Hh][Tt][Tt][Pp][Ss]?://\S+)?$"}
)
_LARGEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL that may be stored, and the host it leads to: lower case, punycode or an IP address."""

    url: str
    host: str
    port: int


class PrivateDestination(Unprocessable):
    """A destination that is not one of the public internet, while only those are allowed."""

    def __init__(self, field: str, destination: Destination) -> None:
        super().__init__(
            f"{field}: {destination.host} is not reachable from the public internet. "
            "NEARHOP_ALLOW_PRIVATE_DESTINATIONS=true allows such destinations."
        )
        self.field = field
        self.destination = destination


def check(url: str, *, allow_private: bool, field: str = "url") -> Destination:
    """Look a URL over; raises Unprocessable that names the field and says what to change."""
    try:
        destination = _check(url)
    except Unprocessable as refused:
        raise Unprocessable(f"{field}: {refused.message}") from None
    if not allow_private and is_private(destination.host):
        raise PrivateDestination(field, destination)
    return destination


def _check(url: str) -> Destination:
    size = len(url.encode())
    if size > MAX_BYTES:
        raise _refused(f"it has {size} bytes, but {MAX_BYTES} is the most")
    for character in url:
        if character.isspace() or unicodedata.category(character) in {"Cc", "Cs"}:
            raise _refused(f"it contains {character!r}: percent-encode white space and control characters")
    return _read(url)


def _read(url: str) -> Destination:
    scheme = _SCHEME.match(url)
    if scheme is None:
        raise _refused("it is not a web address: begin it with https:// or http://")
    name = scheme[1].lower()
    if name not in _PORTS:
        raise _refused(f"{name}: is not a scheme that links may lead to: use https:// or http://")
    authority = _AUTHORITY.match(url)
    if authority is None:
        raise _refused(f"write two slashes after {name}:")
    host_and_port = _HOST_AND_PORT.fullmatch(authority[1].rpartition("@")[2])
    if host_and_port is None or not host_and_port[1]:
        raise _refused("it has no valid host name")
    port = int(host_and_port[2] or _PORTS[name])
    if port > _LARGEST_PORT:
        raise _refused(f"{port} is not a port number")
    return Destination(url, _canonical_host(host_and_port[1]), port)


def _canonical_host(written: str) -> str:
    host = unicodedata.normalize("NFKC", written).translate(_DOTS).lower()
    if written.startswith("["):
        try:
            return str(ipaddress.IPv6Address(host[1:-1]))
        except ValueError as error:
            raise _refused(f"{written} is not an IP address") from error
    host = host.removesuffix(".")
    if not host or _FORBIDDEN_IN_HOST & set(host) or any(not label for label in host.split(".")):
        raise _refused(f"{written!r} is not a host name")
    if _ends_in_a_number(host):
        return _canonical_ipv4(host)
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:  # a name newer than Python's table: browsers may know it
        return host


def _ends_in_a_number(host: str) -> bool:
    last = host.rpartition(".")[2]
    return last.isdecimal() or bool(re.fullmatch(r"0x[0-9a-f]*", last))


def _canonical_ipv4(host: str) -> str:
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError as error:
        raise _refused(f"{host} is not an IP address") from error


def is_private(host: str) -> bool:
    """Whether a host name or an IP address is not one of the public internet."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or any(host == end or host.endswith(f".{end}") for end in _PRIVATE_ENDINGS)
    if isinstance(address, ipaddress.IPv6Address):
        address = _embedded_ipv4(address) or address
    return not address.is_global or address.is_multicast


def _embedded_ipv4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for: mapped, 6to4 (RFC 3056) or NAT64 (RFC 6052)."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _refused(reason: str) -> Unprocessable:
    return Unprocessable(f"{reason}.")
