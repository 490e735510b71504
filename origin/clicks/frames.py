"""The records of a spool segment: `length | crc32 of the rest | time received | number of clicks | body`.

Integers are little-endian, 32 bits; the time is unix seconds in a double. The number of clicks lets the drain choose its
blocks without decoding a body.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

_HEAD = struct.Struct("<II")
_META = struct.Struct("<dI")
# Larger than any batch that the intake takes: a length above it is damage, not data.
MAX_PAYLOAD = 1 << 20


class BadFrame(ValueError):
    """The bytes from `offset` on are no frame. `torn`: they are the beginning of one, so its write was cut off."""

    def __init__(self, offset: int, *, torn: bool) -> None:
        super().__init__(f"no frame at byte {offset}")
        self.offset = offset
        self.torn = torn


class Frame(NamedTuple):
    """One accepted batch; `end` is where the next frame starts. The body is a part of the bytes that were walked."""

    end: int
    received_at: float
    clicks: int
    body: memoryview


def encode(received_at: float, clicks: int, body: bytes) -> bytes:
    """The bytes to append to a segment."""
    payload = _META.pack(received_at, clicks) + body
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"a frame holds at most {MAX_PAYLOAD} bytes")
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


def walk(data: bytes, base: int = 0) -> Iterator[Frame]:
    """The frames in `data`, whose first byte is byte `base` of the segment; raises BadFrame at what is none."""
    view = memoryview(data)
    offset = 0
    while offset < len(data):
        payload = _payload_at(view, offset, base)
        received_at, clicks = _META.unpack_from(payload)
        offset += _HEAD.size + len(payload)
        yield Frame(base + offset, received_at, clicks, payload[_META.size :])


def _payload_at(view: memoryview, offset: int, base: int) -> memoryview:
    if len(view) - offset < _HEAD.size:
        raise BadFrame(base + offset, torn=True)
    length, checksum = _HEAD.unpack_from(view, offset)
    if not _META.size <= length <= MAX_PAYLOAD:
        raise BadFrame(base + offset, torn=False)
    payload = view[offset + _HEAD.size : offset + _HEAD.size + length]
    if len(payload) < length:
        raise BadFrame(base + offset, torn=True)
    if zlib.crc32(payload) != checksum:
        raise BadFrame(base + offset, torn=False)
    return payload
