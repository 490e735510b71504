"""The two tiers of links in memory: their bounds hold, and are not below what the links really take."""

import tracemalloc

import pytest

from redirector.known import known_link
from redirector.memory import LinkMemory
from redirector.settings import EdgeSettings
from redirector.testing import FakeRuntime
from shared.kv_record import decode

URL = "https://www.example.com/a/destination/of/usual/length?for=everybody"


def filled(settings: EdgeSettings, links: int) -> LinkMemory:
    runtime = FakeRuntime()
    memory = LinkMemory(runtime, settings, lambda _: None)
    for number in range(links):
        key, value = f"go.example.com/{number:07}", f"1.{number}.1.1.{URL}"
        link = known_link(runtime, decode(value), key)
        link.value = value
        memory.put(key, link)
    return memory


@pytest.mark.parametrize("hot", [0, 1_000])
def test_what_links_take_is_not_more_than_is_said(hot: int) -> None:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        memory = filled(EdgeSettings(hot_entries=hot, cache_entries=5_000), 5_000)
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert (len(memory), len(memory.hot)) == (5_000, hot)
    assert taken <= memory.bytes


def test_a_hundred_thousand_links_fit_into_the_defaults() -> None:
    settings = EdgeSettings()
    memory = filled(settings, 100_000)
    assert (len(memory), len(memory.hot)) == (100_000, settings.hot_entries)
    assert memory.bytes < settings.cache_bytes


def test_neither_entries_nor_bytes_grow_beyond_their_bounds() -> None:
    settings = EdgeSettings(hot_entries=100, cache_entries=1_000, cache_bytes=400_000)
    memory = filled(settings, 5_000)
    assert len(memory) <= 1_000
    assert memory.bytes <= 400_000
    assert memory.get("go.example.com/0000000") is None
    assert memory.get("go.example.com/0004999") is not None
