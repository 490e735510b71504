"""Packs: every link that is in one is found, nothing else is, and what is no pack is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import BadRecord
from shared.link_packs import MOST_VALUE_BYTES, checksum_of, encode, find, pack_line, read_header

_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)


def packed(records: dict[str, str], at: float = 5.0, packs: int = 1) -> bytes:
    return encode(at, packs, (pack_line(key, value) for key, value in records.items())).encode()


@given(st.dictionaries(_TEXT, _TEXT, max_size=40), st.lists(_TEXT, max_size=10))
def test_what_is_in_a_pack_is_found_and_nothing_else(records: dict[str, str], others: list[str]) -> None:
    pack = packed(records)
    header = read_header(pack)
    assert (header.at, header.packs) == (5.0, 1)
    for key in [*records, *others, ""]:
        assert find(pack, header.start, key.encode()) == records.get(key)
    assert all(header.may_have(checksum_of(key.encode())) for key in records)


def test_most_keys_that_are_not_in_a_pack_are_known_not_to_be() -> None:
    header = read_header(packed({f"go.test/{number}": "1" for number in range(2_000)}))
    others = [f"go.test/x{number}" for number in range(2_000)]
    assert sum(header.may_have(checksum_of(key.encode())) for key in others) < 0.1 * len(others)


@pytest.mark.parametrize(
    ("key", "value"),
    [("a\tb", "1"), ("a\nb", "1"), ("a", "1\n2"), ("a", "\ud800"), ("a", "x" * (MOST_VALUE_BYTES + 1))],
)
def test_what_can_not_be_a_line_is_left_out(key: str, value: str) -> None:
    assert pack_line(key, value) == b""
    assert pack_line("a", "1\t2") == b"a\t1\t2\n"


@pytest.mark.parametrize(
    "pack",
    [
        b"",
        b"\n",
        b"1.7.3.1.https://example.com/",
        b'{"format":1}\n',
        b'{"format":2,"at":5,"packs":1,"bytes":9}\n/w==\na\tb\n',  # from the future
        b'{"format":1,"at":5,"packs":1,"bytes":10}\n/w==\na\tb\n',  # cut off
        b'{"format":1,"at":"x","packs":1,"bytes":9}\n/w==\na\tb\n',
        b'{"format":1,"at":5,"packs":1,"bytes":5}\n\na\tb\n',  # no filter
        b'{"format":1,"at":5,"packs":1,"bytes":9}\n\xff/==\na\tb\n',
        b"[1]\n",
        b"x" * 1_000_000,
        b"\xff\xfe\n",
    ],
)
def test_what_is_no_pack_of_this_release_is_refused(pack: bytes) -> None:
    with pytest.raises(BadRecord):
        read_header(pack)


@given(st.binary(max_size=200), st.binary(max_size=5))
def test_a_pack_full_of_garbage_is_searched_without_an_error(garbage: bytes, key: bytes) -> None:
    find(garbage, 0, key)


def test_a_pack_written_by_hand_is_read() -> None:
    pack = b'{"format":1,"at":5,"packs":1,"bytes":9}\n/w==\na\tb\n'
    assert find(pack, read_header(pack).start, b"a") == "b"
