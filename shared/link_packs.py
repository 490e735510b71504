"""Packs: KV values that hold the records of the links visited most lately, so that a new isolate need not read each by itself.

kvsync writes them under `/packs/0` and on, the most visited links first. A header in JSON, a filter in base64, then a line a
link: `key`, a tab and the record, in the order of the keys' UTF-8. Whoever holds a pack finds a link by halving, and loads
nothing. The filter has a bit set for each key, so that most of those that are not in the pack need not be looked for.
"""

import base64
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from shared.errors import BadRecord

# No link can have such a key: a key starts with its domain, and no domain is empty.
PREFIX = "/packs/"
FORMAT = 1
# Of one pack. Reading one must not hold up visitors, and writing one must fit into a call's timeout.
MOST_BYTES = 2_000_000
MOST_PACKS = 50
# Longer records are left to KV.
MOST_VALUE_BYTES = 4_000
_MOST_HEADER_BYTES = 200
_FILTER_BYTES_A_KEY = 2  # one key in seventeen that is not there is looked for all the same


@dataclass(frozen=True, slots=True)
class PackHeader:
    """`at`: whatever was published before this moment (unix seconds by Postgres's clock) is in the pack's records."""

    at: float
    packs: int  # how many were written together
    start: int  # where its lines begin
    filter: bytes

    def may_have(self, checksum: int) -> bool:
        """Whether a key with this CRC-32 may be in the pack."""
        return bool(self.filter[(checksum >> 3) % len(self.filter)] >> (checksum & 7) & 1)


def pack_key(number: int) -> str:
    """The key of a pack, from 0."""
    return f"{PREFIX}{number}"


def pack_line(key: str, value: str) -> bytes:
    """A link's line; empty where it can't be one."""
    text = f"{key}\t{value}\n"
    if text.count("\n") > 1 or "\t" in key or len(value.encode("utf-8", "replace")) > MOST_VALUE_BYTES:
        return b""
    try:
        return text.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return b""


def encode(at: float, packs: int, lines: Iterable[bytes]) -> str:
    """The value to store."""
    ordered = sorted(lines, key=_key_of)
    bits = bytearray(_FILTER_BYTES_A_KEY * len(ordered) or 1)
    for line in ordered:
        checksum = checksum_of(_key_of(line))
        bits[(checksum >> 3) % len(bits)] |= 1 << (checksum & 7)
    body = base64.b64encode(bits) + b"\n" + b"".join(ordered)
    header = {"format": FORMAT, "at": round(at, 3), "packs": packs, "bytes": len(body)}
    return f"{json.dumps(header, separators=(',', ':'))}\n{body.decode()}"


def _key_of(line: bytes) -> bytes:
    return line.partition(b"\t")[0]


def read_header(pack: bytes) -> PackHeader:
    """What stands before the lines; raises BadRecord for a pack from the future or a damaged one."""
    end = pack.find(b"\n", 0, _MOST_HEADER_BYTES)
    start = pack.find(b"\n", end + 1) + 1
    try:
        found = json.loads(pack[: max(0, end)])
        complete = found["format"] == FORMAT and found["bytes"] == len(pack) - end - 1
        bits = base64.b64decode(pack[end + 1 : max(0, start - 1)], validate=True)
        header = PackHeader(float(found["at"]), int(found["packs"]), start, bits)
    except (ValueError, KeyError, TypeError) as error:
        raise BadRecord from error
    if not complete or not bits:
        raise BadRecord
    return header


def checksum_of(key: bytes) -> int:
    """What `PackHeader.may_have` asks for."""
    return zlib.crc32(key)


def find(pack: bytes, start: int, key: bytes) -> str | None:
    """The record of a key among the lines from `start` on; None where there is none that can be read."""
    low, high = start, len(pack)
    while low < high:
        middle = (low + high) // 2
        begin = max(low, pack.rfind(b"\n", low, middle) + 1)
        end = pack.find(b"\n", middle, high)
        tab = pack.find(b"\t", begin, end)
        if end < 0 or tab < 0:
            return None
        found = pack[begin:tab]
        if found == key:
            return pack[tab + 1 : end].decode("utf-8", "replace")
        if found < key:
            low = end + 1
        else:
            high = begin
    return None
