"""Pseudo-random draws without a state: a hash of what is drawn for, by the same arithmetic as in ClickHouse."""

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from enum import IntEnum

_MASK = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15
_PURPOSES = 64


class For(IntEnum):
    """What is drawn: each has its own stream of numbers. load.sql knows them by their names."""

    TIME = 1
    PLACE = 2
    WORKSPACE = 3
    LINK = 4
    RETURNING = 5
    VISITOR = 6
    AGENT = 7
    ADDRESS = 8
    TRAFFIC = 9
    REFERER = 10
    QR = 11
    CAMPAIGN = 12


def key_of(seed: int) -> int:
    """What a seed adds to everything that is hashed."""
    return seed * _GOLDEN & _MASK


def int_hash(number: int) -> int:
    """ClickHouse's intHash64: the finalizer of MurmurHash3 over 64 bits."""
    x = (number ^ 0x4CF2D2BAAE6DA887) & _MASK
    x = (x ^ x >> 33) * 0xFF51AFD7ED558CCD & _MASK
    x = (x ^ x >> 33) * 0xC4CEB9FE1A85EC53 & _MASK
    return x ^ x >> 33


def draw(key: int, number: int, purpose: For) -> int:
    """64 bits for one purpose and one click, visitor or link."""
    return int_hash(number * _PURPOSES + purpose + key)


def fraction(drawn: int) -> float:
    """From 0 to below 1, exact in binary."""
    return (drawn >> 11) / 2**53


def zipf(drawn: int, count: int) -> int:
    """A rank from 1 to `count`, each about as frequent as 1/rank (the inverse of the continuous law)."""
    return min(count, int((count + 1.0) ** fraction(drawn)))


def spread(weights: Sequence[int], size: int) -> list[int]:
    """`size` slots, filled with the indexes of the weights in proportion; a draw modulo `size` then picks by weight."""
    ends = list(itertools.accumulate(weights))
    return [bisect_right(ends, (2 * slot + 1) * ends[-1] // (2 * size)) for slot in range(size)]
