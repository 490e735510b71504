"""Packs of popular links in the real runtime: read after some replies, believed as far as the feed reaches, nobody's link."""

import time
from collections.abc import Callable

import pytest

from shared import change_feed, link_packs
from shared.change_feed import FEED_KEY, FeedChange, Means
from shared.kv_record import KvRecord, encode
from shared.link_packs import pack_key, pack_line
from tests.workerd.edge_process import EdgeProcess, until
from tests.workerd.origin_fake import OriginFake

LINKS = 20_000
BAD_UTF8 = b"\xff\xfe"


@pytest.fixture
def edge(make_edge: Callable[..., EdgeProcess]) -> EdgeProcess:
    return make_edge(
        NEARHOP_EDGE_FRESH_SECONDS="1", NEARHOP_EDGE_STALE_SECONDS="1", NEARHOP_EDGE_CLICK_DELAY_SECONDS="0.2"
    ).start()


def record(url: str, version: int = 1, **options: object) -> str:
    return encode(KvRecord(7, 3, version, url, options))


def pack(edge: EdgeProcess, *packs: dict[str, str], age: float = 300.0) -> None:
    edge.put_records(
        {
            pack_key(number): link_packs.encode(
                time.time() - age, len(packs), map(pack_line, records, records.values())
            )
            for number, records in enumerate(packs)
        }
    )


def tell(edge: EdgeProcess, *changes: FeedChange, since: float = 3_600.0) -> None:
    now = time.time()
    lines = [change.line() for change in changes]
    edge.put_records({FEED_KEY: change_feed.encode(len(lines), now - since, now, lines)})


def first_visits(edge: EdgeProcess) -> None:
    """So many links that packs are worth while."""
    edge.put({f"first{number}": "https://example.com/first" for number in range(12)})
    for number in range(12):
        assert edge.request(f"/first{number}")[0] == 302
    # The next flush takes them along.
    until(lambda: edge.request("/first0")[0] == 302 and edge.stats()["pack_reads"] > 0, 15)


def held(edge: EdgeProcess, packs: int) -> None:
    until(lambda: bool(edge.stats()["packs"] == packs), 10, lambda: str(edge.stats()))


def test_links_of_packs_need_no_read_of_kv(edge: EdgeProcess) -> None:
    wide = "https://example.com/ä/"
    halves = [{f"localhost/p{n}-é": record(f"{wide}{n}") for n in range(start, LINKS, 2)} for start in (0, 1)]
    pack(edge, *halves)
    tell(edge)
    first_visits(edge)
    held(edge, 2)
    reads = edge.stats()["kv_reads"] - edge.stats()["feed_reads"]
    for number in range(0, LINKS, 997):
        assert edge.location_bytes(f"/p{number}-%C3%A9") == f"{wide}{number}".encode()
    stats = edge.stats()
    assert stats["kv_reads"] - stats["feed_reads"] == reads
    assert stats["links_unpacked"] == len(range(0, LINKS, 997))


def test_a_closed_or_deleted_link_does_not_come_back_by_a_pack(edge: EdgeProcess, origin: OriginFake) -> None:
    names = ("gone", "shut", "edited", "gone-later", "shut-later")
    pack(edge, {f"localhost/{name}": record("https://example.com/old") for name in names})
    for name in ("shut", "shut-later"):
        origin.links[f"localhost/{name}"] = record("https://example.com/old", 4, disabled=True)
    before = (
        FeedChange(Means.GONE, "localhost/gone", 2),
        FeedChange(Means.CLOSED, "localhost/shut", 3),
        FeedChange(Means.VALUE, "localhost/edited", 2, record("https://example.com/new", 2)),
    )
    tell(edge, *before)
    first_visits(edge)
    held(edge, 1)
    assert edge.request("/gone")[0] == 404
    assert edge.request("/shut")[0] == 410
    assert edge.location_bytes("/edited") == b"https://example.com/new"

    reads = edge.stats()["feed_reads"]
    later = (
        FeedChange(Means.GONE, "localhost/gone-later", 2),
        FeedChange(Means.CLOSED, "localhost/shut-later", 4),
    )
    tell(edge, *before, *later)
    until(lambda: edge.request("/first0")[0] == 302 and edge.stats()["feed_reads"] >= reads + 2, 15)
    assert edge.request("/gone-later")[0] == 404
    assert edge.request("/shut-later")[0] == 410


@pytest.mark.parametrize("what", ["older than the feed reaches", "the future", "garbage", "no text"])
def test_what_is_no_pack_to_believe_is_passed_over(edge: EdgeProcess, what: str) -> None:
    pack(edge, {"localhost/packed": record("https://example.com/old")})
    tell(edge, since=60.0 if what == "older than the feed reaches" else 3_600.0)
    if what == "the future":
        edge.put_records({pack_key(0): '{"format":2,"at":1,"packs":1,"bytes":0}\n'})
    if what == "garbage":
        edge.put_records({pack_key(0): "garbage"})
    if what == "no text":
        assert edge.kv("PUT", f"/values/{pack_key(0).replace('/', '%2F')}", BAD_UTF8)[0] == 200
    edge.put({"packed": "https://example.com/new"}, version=2)
    first_visits(edge)
    until(lambda: bool(edge.stats()["packs_refused"] == 1), 10, lambda: str(edge.stats()))
    assert edge.stats()["packs"] == 0
    assert edge.location_bytes("/packed") == b"https://example.com/new"


@pytest.mark.parametrize("path", ["/packs/0", "//packs/0", "/%2Fpacks%2F0", "/packs/0+", "/packs%2F0", "/%00/packs/0"])
@pytest.mark.parametrize("host", ["localhost", ".", ":1"])
def test_packs_are_nobodys_link(shared_edge: EdgeProcess, path: str, host: str) -> None:
    pack(shared_edge, {"localhost/told": record("https://example.com/told")})
    status, headers, body = shared_edge.request(path, Host=host)
    assert status in (400, 404)
    assert "location" not in headers
    assert b"example.com/told" not in body
    shared_edge.kv("POST", "/bulk/delete", [pack_key(0)])
