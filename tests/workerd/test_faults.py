"""What is behind the edge fails: known links go on, unknown ones get a clear page, clicks arrive once afterwards."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.kv_record import KvRecord, encode
from tests.workerd.edge_process import ROOT, EdgeProcess, until
from tests.workerd.kv_fake import KvFake
from tests.workerd.origin_fake import OriginFake

MakeEdge = Callable[..., EdgeProcess]
# Far below the 30 seconds for which a late origin or KV keeps silent.
SOON = 10.0


def break_origin(origin: OriginFake, how: str) -> None:
    match how:
        case "down":
            origin.stop()
        case "500":
            origin.fails = True
        case "wrong signature":
            origin.secret = origin.answer_secret = "not the secret that the edge has"
        case _:
            origin.answers = how


def mend_origin(origin: OriginFake, secret: str) -> None:
    origin.fails, origin.answers = False, ""
    origin.secret = origin.answer_secret = secret
    origin.released.set()
    origin.start()  # on the same port


@pytest.mark.parametrize("how", ["down", "late", "500", "garbage", "wrong signature"])
def test_whatever_origin_does_known_links_go_on_and_clicks_arrive_once(
    make_edge: MakeEdge, origin: OriginFake, how: str
) -> None:
    edge = make_edge(NEARHOP_EDGE_ORIGIN_TIMEOUT_SECONDS="1", NEARHOP_EDGE_CLICK_DELAY_SECONDS="0.2").start()
    edge.put({"known": "https://example.com/known", "cold": "https://example.com/cold"})
    assert edge.request("/known")[0] == 302
    secret = origin.secret
    break_origin(origin, how)
    assert [edge.request("/known")[0] for _ in range(20)] == [302] * 20
    assert edge.request("/cold")[0] == 302
    began = time.monotonic()
    status, headers, body = edge.request("/unknown")
    assert time.monotonic() - began < SOON
    assert (status, "location" in headers, "retry-after" in headers) == (503, False, True)
    assert b"try again" in body
    until(lambda: edge.stats()["clicks_queued"] >= 20, 20, lambda: str(edge.stats()))
    if how != "down":
        origin.stop()  # ends the calls that hang
    mend_origin(origin, secret)
    until(lambda: counted(origin) == {"known": 21, "cold": 1}, 40, lambda: str(counted(origin)))
    time.sleep(1)  # what would come twice would come now
    assert counted(origin) == {"known": 21, "cold": 1}
    until(lambda: edge.request("/unknown")[0] == 404, 10)


def counted(origin: OriginFake) -> Counter[str]:
    return Counter(click["code"] for click in origin.clicks)


@pytest.fixture
def kv() -> Iterator[KvFake]:
    fake = KvFake()
    yield fake
    fake.stop()


@pytest.fixture
def edge(tmp_path: Path, origin: OriginFake, kv: KvFake, entry: str) -> Iterator[EdgeProcess]:
    """An edge whose KV is the fake."""
    process = EdgeProcess(
        tmp_path / "home",
        origin.port,
        NEARHOP_EDGE_KV_TIMEOUT_SECONDS="1",
        NEARHOP_EDGE_FRESH_SECONDS="1",
        NEARHOP_EDGE_MISSING_SECONDS="1",
        NEARHOP_EDGE_STALE_SECONDS="0",
        NEARHOP_EDGE_MAIN=entry,
    )
    process.command = (str(ROOT / "tests/workerd/faulty_kv.mjs"), kv.url)
    yield process.start()
    process.end()


@pytest.mark.parametrize("mode", ["late", "fails", "empty"])
def test_whatever_kv_does_links_are_found(edge: EdgeProcess, kv: KvFake, origin: OriginFake, mode: str) -> None:
    for code in ("known", "cold"):
        value = encode(KvRecord(7, 3, 1, f"https://example.com/{code}"))
        kv.values[f"localhost/{code}"] = origin.links[f"localhost/{code}"] = value
    assert edge.location_bytes("/known") == b"https://example.com/known"
    if mode == "empty":
        kv.values.clear()
    else:
        kv.mode = mode
    began = time.monotonic()
    assert edge.request("/nobody-has-it")[0] == 404
    assert edge.location_bytes("/cold") == b"https://example.com/cold"
    time.sleep(max(0.0, 1.1 - (time.monotonic() - began)))  # FRESH_SECONDS: now /known has to be read again
    assert edge.location_bytes("/known") == b"https://example.com/known"
    assert time.monotonic() - began < SOON


@pytest.mark.parametrize("mode", ["late", "fails"])
def test_kv_and_origin_away_is_a_page_for_unknown_links_only(
    edge: EdgeProcess, kv: KvFake, origin: OriginFake, mode: str
) -> None:
    kv.values["localhost/known"] = encode(KvRecord(7, 3, 1, "https://example.com/known"))
    assert edge.request("/known")[0] == 302
    kv.mode = mode
    origin.stop()
    began = time.monotonic()
    status, headers, _ = edge.request("/new")
    assert (status, "retry-after" in headers) == (503, True)
    time.sleep(1.1)  # beyond FRESH_SECONDS
    assert edge.request("/known")[0] == 302
    assert edge.request("/readyz")[0] == 503
    assert time.monotonic() - began < SOON
