"""What the edge reads from KV is what origin wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import base36
from shared.errors import BadRecord
from shared.kv_record import KvRecord, decode, encode, kv_key

ids = st.integers(min_value=0, max_value=2**63 - 1)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(ids, ids, ids, st.text(), st.dictionaries(st.text().filter(lambda name: name != "url"), json_values, max_size=4))
def test_a_record_comes_back_as_it_was_written(
    link: int, workspace: int, version: int, url: str, options: dict[str, object]
) -> None:
    record = KvRecord(link, workspace, version, url, options)
    assert decode(encode(record)) == record


def test_a_plain_link_costs_a_few_bytes_more_than_its_url() -> None:
    url = "https://example.com/a.b?c=d"
    value = encode(KvRecord(link_id=1_000_000, workspace_id=5_000, version=20_000_000, url=url))
    assert value.endswith(url)
    assert len(value) - len(url) <= 20


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1",
        "1.2.3.4",
        "9.1.1.1.https://example.com",
        "1.?.1.1.https://example.com",
        "2.1.1.1.{",
        "2.1.1.1.[]",
        "2.1.1.1.{}",
    ],
)
def test_a_damaged_record_or_one_from_the_future_is_refused(value: str) -> None:
    with pytest.raises(BadRecord):
        decode(value)


def test_the_key_is_domain_and_code() -> None:
    assert kv_key("go.example.com", "docs") == "go.example.com/docs"


@given(st.integers(min_value=0))
def test_base36_is_what_int_reads(number: int) -> None:
    assert int(base36.encode(number), 36) == number


def test_base36_refuses_negative_numbers() -> None:
    with pytest.raises(ValueError, match="from 0 up"):
        base36.encode(-1)
