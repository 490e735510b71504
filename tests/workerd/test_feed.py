"""The change feed in the real runtime: a change is seen by it alone, and it is nobody's link."""

import time
from collections.abc import Iterator

import pytest

from shared import change_feed
from shared.change_feed import FEED_KEY, FeedChange, Means
from tests.workerd.edge_process import EdgeProcess, until
from tests.workerd.origin_fake import OriginFake


@pytest.fixture
def feed(shared_edge: EdgeProcess) -> Iterator[list[FeedChange]]:
    """The changes that `tell` lists; the feed is away again after the test."""
    yield []
    shared_edge.kv("POST", "/bulk/delete", [FEED_KEY])


def tell(edge: EdgeProcess, feed: list[FeedChange], *changes: FeedChange) -> None:
    feed += changes
    now = time.time()
    lines = [change.line() for change in feed]
    edge.put_records({FEED_KEY: change_feed.encode(len(lines), now - 3_600, now, lines)})


def link_reads(edge: EdgeProcess) -> int:
    stats = edge.stats()
    return int(stats["kv_reads"] - stats["feed_reads"])


def test_held_links_are_not_read_again_and_an_edit_comes_by_the_feed(
    shared_edge: EdgeProcess, shared_origin: OriginFake, feed: list[FeedChange]
) -> None:
    shared_edge.put({"fed": "https://example.com/old", "shut": "https://example.com/old"})
    shared_edge.put_rich("localhost/fed-rich", "https://example.com/old", rules=[])
    tell(shared_edge, feed)
    paths = ("/fed", "/shut", "/fed-rich")

    def visit_all() -> bool:
        for path in paths:
            assert shared_edge.location_bytes(path).endswith(b"/old")
        return bool(shared_edge.stats()["feed_alive"])

    until(visit_all, 10)
    visit_all()
    reads, feeds = link_reads(shared_edge), shared_edge.stats()["feed_reads"]
    until(lambda: visit_all() and shared_edge.stats()["feed_reads"] >= feeds + 3, 20)  # three times FRESH_SECONDS
    assert link_reads(shared_edge) == reads

    # Of the edits KV has nothing yet: only the feed tells of them.
    tell(
        shared_edge,
        feed,
        FeedChange(Means.VALUE, "localhost/fed", 2, "1.7.3.2.https://example.com/new"),
        FeedChange(Means.VALUE, "localhost/fed-rich", 3, '2.7.3.3.{"rules":[],"url":"https://example.com/new"}'),
        FeedChange(Means.CLOSED, "localhost/shut", 4),
    )
    shared_origin.links["localhost/shut"] = '2.7.3.4.{"disabled":true,"url":"https://example.com/old"}'
    until(lambda: shared_edge.location_bytes("/fed").endswith(b"/new"), 10)
    assert shared_edge.location_bytes("/fed-rich").endswith(b"/new")
    assert shared_edge.request("/shut")[0] == 410


@pytest.mark.parametrize("path", ["/feed", "//feed", "/%2Ffeed", "/feed+", "/feed.qr", "/%00/feed"])
@pytest.mark.parametrize("host", ["localhost", ".", "nearhop", ":1"])
def test_the_feed_is_nobodys_link(shared_edge: EdgeProcess, feed: list[FeedChange], path: str, host: str) -> None:
    tell(shared_edge, feed, FeedChange(Means.VALUE, "localhost/told", 2, "1.7.3.2.https://example.com/told"))
    status, headers, body = shared_edge.request(path, Host=host)
    assert status in (400, 404)
    assert "location" not in headers
    assert b"example.com/told" not in body
