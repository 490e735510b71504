import pytest
from hypothesis import given
from hypothesis import strategies as st

from origin.clicks import frames
from origin.clicks.frames import BadFrame

BATCHES = st.lists(st.tuples(st.floats(0, 2e9), st.integers(0, 500), st.binary(max_size=300)), max_size=8)


@given(BATCHES)
def test_what_is_encoded_is_walked_in_order(batches: list[tuple[float, int, bytes]]) -> None:
    data = b"".join(frames.encode(*batch) for batch in batches)
    walked = list(frames.walk(data))
    assert [(each.received_at, each.clicks, bytes(each.body)) for each in walked] == batches
    assert (walked[-1].end if walked else 0) == len(data)


@given(st.integers(1, 63))
def test_a_frame_cut_anywhere_is_torn_and_those_before_it_are_read(cut: int) -> None:
    first, second = frames.encode(1.0, 1, b"first"), frames.encode(2.0, 1, b"x" * 44)
    walk = frames.walk(first + second[: min(cut, len(second) - 1)], base=100)
    assert bytes(next(walk).body) == b"first"
    with pytest.raises(BadFrame) as caught:
        next(walk)
    assert caught.value.torn
    assert caught.value.offset == 100 + len(first)


@given(st.integers(0, 39), st.integers(1, 255))
def test_no_damaged_byte_goes_unnoticed(at: int, difference: int) -> None:
    data = bytearray(frames.encode(1.0, 3, b"twenty bytes of body"))
    data[at] ^= difference
    with pytest.raises(BadFrame):
        list(frames.walk(bytes(data)))


def test_a_length_beyond_any_batch_is_damage_not_a_torn_write() -> None:
    with pytest.raises(BadFrame) as caught:
        list(frames.walk(b"\xff\xff\xff\x7f" + bytes(40)))
    assert not caught.value.torn


def test_a_body_that_no_reader_would_take_is_not_written() -> None:
    with pytest.raises(ValueError, match="at most"):
        frames.encode(1.0, 1, bytes(frames.MAX_PAYLOAD))
