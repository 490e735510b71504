"""Public ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from origin import ids


@given(st.integers(0, 2**63 - 1))
def test_every_number_comes_back(number: int) -> None:
    assert ids.parse(ids.LINK, ids.public(ids.LINK, number)) == number


@pytest.mark.parametrize(
    "text", ["", "link_", "1", "user_1", "link_01", "link_A", "link_-1", "link_\u0661", "link_1 ", "link_" + "z" * 13]
)
def test_nothing_else_is_an_id(text: str) -> None:
    assert ids.parse(ids.LINK, text) is None


@given(st.text(max_size=20))
def test_two_texts_never_name_the_same_number(text: str) -> None:
    number = ids.parse(ids.LINK, f"link_{text}")
    assert number is None or ids.public(ids.LINK, number) == f"link_{text}"
