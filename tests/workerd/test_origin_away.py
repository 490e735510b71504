"""Origin is away for long: what the edge and its queue do meanwhile, and that every click arrives once afterwards."""

import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.workerd.edge_process import EdgeProcess, until
from tests.workerd.origin_fake import OriginFake

MakeEdge = Callable[..., EdgeProcess]
# Nothing is read of KV again while a test runs.
LASTING = {"NEARHOP_EDGE_FRESH_SECONDS": "3600", "NEARHOP_EDGE_FEED_SECONDS": "0"}
FLUSHES = 20


@pytest.fixture
def edge(make_edge: MakeEdge) -> EdgeProcess:
    edge = make_edge(NEARHOP_EDGE_CLICK_DELAY_SECONDS="0.1", NEARHOP_EDGE_ORIGIN_TIMEOUT_SECONDS="1", **LASTING)
    edge.start()
    edge.put({"known": "https://example.com/known"})
    return edge


def flush_one_by_one(edge: EdgeProcess, flushes: int) -> None:
    """Visits that each become a batch of their own, in the queue."""
    for _ in range(flushes):
        before = edge.stats()["clicks_queued"]
        assert edge.request("/known")[0] == 302
        until(lambda more=before + 1: edge.stats()["clicks_queued"] == more, 20, lambda: str(edge.stats()))  # type: ignore[misc]


def arrived_once(origin: OriginFake) -> int:
    """How many clicks origin has; each must have come under one batch id alone."""
    ids = Counter(click["id"] for click in origin.clicks)
    assert set(ids.values()) <= {1}
    return len(ids)


@pytest.mark.parametrize("how", ["500", "late"])
def test_neither_flushes_nor_the_queue_ask_an_origin_that_fails_each_time(
    edge: EdgeProcess, origin: OriginFake, how: str
) -> None:
    origin.fails, origin.answers = how == "500", "late" if how == "late" else ""
    began = time.monotonic()
    flush_one_by_one(edge, FLUSHES)
    seconds = time.monotonic() - began
    # Two at once, then after pauses of 2, 4, 8 and 15 seconds, shortened by a quarter at the most.
    assert 1 <= origin.attempts <= 6 + seconds / 11, f"{origin.attempts} in {seconds} s"
    origin.fails, origin.answers = False, ""
    origin.released.set()
    until(lambda: arrived_once(origin) == FLUSHES, 60, lambda: str(edge.stats()))
    until(lambda: edge.request("/known")[0] == 302 and edge.stats()["clicks_sent"] > 0, 60)  # directly again


def test_redirects_of_known_links_ask_nobody(edge: EdgeProcess, origin: OriginFake) -> None:
    origin.fails = True
    flush_one_by_one(edge, 1)
    before = edge.stats()
    assert {edge.request("/known")[0] for _ in range(100)} == {302}
    after = edge.stats()
    assert {name: after[name] - before[name] for name in ("kv_reads", "origin_reads")} == {
        "kv_reads": 0,
        "origin_reads": 0,
    }
    assert origin.asked == []


def test_a_runner_that_is_killed_before_and_while_it_delivers_loses_and_repeats_nothing(
    edge: EdgeProcess, origin: OriginFake
) -> None:
    origin.fails = True
    flush_one_by_one(edge, 8)
    kill(edge)
    edge.start()
    flush_one_by_one(edge, 8)
    origin.fails = False
    until(lambda: arrived_once(origin) > 0, 60, lambda: str(edge.stats()))
    kill(edge)
    edge.start()
    until(lambda: arrived_once(origin) == 16, 60)
    until(lambda: not list((edge.home / "queue").glob("*.seg")), 10)
    assert origin.posts >= len(origin.batches) == 16


def kill(edge: EdgeProcess) -> None:
    edge.stop(signal.SIGKILL)
    until(lambda: not edge.listens(), 10, lambda: "workerd outlived its runner")
