"""What is kept of who came: a hash that lives for one day and one workspace, and as much of the address as is set."""

import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from shared.errors import BadSetting

LONGEST_ADDRESS = 45
_DAY_MS = 86_400_000


class VisitorHash:
    """Tells visitors of a day apart. A day's salt comes from the secret; without it no address can be found by trying."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._salted = lru_cache(maxsize=64)(self._make_salted)

    def of(self, at_ms: int, workspace: int, ip: str, user_agent: str) -> int:
        """64 bits, the same for the same visitor until the UTC day ends, and different in another workspace."""
        return int.from_bytes(self.digest(at_ms, workspace, ip, user_agent), "little")

    def digest(self, at_ms: int, workspace: int, ip: str, user_agent: str) -> bytes:
        """The same as eight bytes, the lowest first."""
        salted = self._salted(at_ms // _DAY_MS).copy()
        salted.update(f"{workspace}\n{ip}\n{user_agent}".encode("utf-8", "replace"))
        return salted.digest()

    def _make_salted(self, day: int) -> "hashlib.blake2b":
        date = datetime.fromtimestamp(day * _DAY_MS / 1000, UTC).date().isoformat()
        salt = hmac.new(self._secret, f"visitor {date}".encode(), hashlib.sha256).digest()
        return hashlib.blake2b(key=salt, digest_size=8)


def address_keeper(setting: str) -> Callable[[str], str]:
    """What turns an address into what is stored of it, by NEARHOP_CLICK_IP; raises BadSetting for an unknown word."""
    keepers: dict[str, Callable[[str], str]] = {"truncated": truncate, "full": _whole, "none": _nothing}
    if setting not in keepers:
        raise BadSetting(f"NEARHOP_CLICK_IP is {setting!r}, but it takes one of {', '.join(keepers)}")
    return keepers[setting]


def truncate(ip: str) -> str:
    """The first 24 bits of an IPv4 address, 48 of an IPv6 one, the rest zero; empty for what is no address."""
    # Five times as fast as by way of the objects below, and no slower than to remember it.
    return ip.rpartition(".")[0] + ".0" if _is_ipv4(ip) else _truncate_other(ip)


@lru_cache(maxsize=50_000)
def _truncate_other(ip: str) -> str:
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    bits = 24 if address.version == 4 else 48  # noqa: PLR2004  # the protocol's number
    return str(ipaddress.ip_network((address, bits), strict=False).network_address)


def _is_ipv4(ip: str) -> bool:
    if ":" in ip:
        return False
    try:
        socket.inet_pton(socket.AF_INET, ip)
    except (OSError, ValueError):  # ValueError: a NUL or a character that is not ASCII
        return False
    return True


def _whole(ip: str) -> str:
    return ip[:LONGEST_ADDRESS]


def _nothing(_ip: str) -> str:
    return ""
