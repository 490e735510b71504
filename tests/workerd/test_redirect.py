"""Redirects inside workerd: where they come from, and that Location is the stored URL to the byte."""

import concurrent.futures
import time
from pathlib import Path

import pytest

from tests.workerd.edge_process import EdgeProcess, until
from tests.workerd.origin_fake import OriginFake

HERE = Path(__file__).parent


def destinations() -> list[str]:
    """A list of odd ones, and each printable character in a path, a query and a fragment."""
    odd = (HERE / "destinations.txt").read_text(encoding="utf-8").splitlines()
    printable = [chr(number) for number in range(0x21, 0x7F)]
    made = [f"https://example.com/{c}?q={c}&r=%{ord(c):02x}#{c}" for c in printable]
    wide = [f"https://example.com/{chr(n)}x?{chr(n)}#{chr(n)}" for n in range(0xA1, 0x250, 5) if chr(n).isprintable()]
    return [*odd, *made, *wide]


def test_the_location_is_the_stored_url_byte_for_byte(shared_edge: EdgeProcess) -> None:
    urls = destinations()
    assert len(urls) > 200
    shared_edge.put({f"d{number}": url for number, url in enumerate(urls)})
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for _ in ("from KV", "from memory"):
            sent = list(pool.map(shared_edge.location_bytes, (f"/d{number}" for number in range(len(urls)))))
            assert sent == [url.encode() for url in urls]


def test_a_link_in_kv_redirects_without_asking_origin(shared_edge: EdgeProcess, shared_origin: OriginFake) -> None:
    shared_edge.put({"known": "https://example.com"})
    for method in ("GET", "HEAD"):
        status, headers, body = shared_edge.request("/known", method)
        assert (status, headers["location"], body) == (302, "https://example.com", b"")
    assert "localhost/known" not in shared_origin.asked


def test_a_link_that_kv_does_not_have_comes_from_origin_once(
    shared_edge: EdgeProcess, shared_origin: OriginFake
) -> None:
    shared_origin.links["localhost/fresh"] = "1.1.1.1.https://example.com/fresh"
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: shared_edge.request("/fresh"), range(16)))
    assert {(status, headers["location"]) for status, headers, _ in answers} == {(302, "https://example.com/fresh")}
    assert shared_origin.asked.count("localhost/fresh") == 1


def test_an_unknown_code_asks_origin_once_for_a_while(shared_edge: EdgeProcess, shared_origin: OriginFake) -> None:
    assert [shared_edge.request("/unknown")[0] for _ in range(5)] == [404] * 5
    assert shared_origin.asked.count("localhost/unknown") == 1
    shared_origin.links["localhost/unknown"] = "1.1.1.1.https://example.com/"
    until(lambda: shared_edge.request("/unknown")[0] == 302, 20)


def test_a_code_in_any_spelling_finds_its_link(shared_edge: EdgeProcess) -> None:
    shared_edge.put({"grüße-😀": "https://example.com/"})
    for path in ("/gr%C3%BC%C3%9Fe-%F0%9F%98%80", "/gru%CC%88%c3%9fe-%f0%9f%98%80?x=1"):
        assert shared_edge.request(path)[0] == 302
    assert shared_edge.location_bytes("/grüße-😀") == b"https://example.com/"  # as some clients send it


def test_the_longest_match_of_a_path_decides(shared_edge: EdgeProcess, shared_origin: OriginFake) -> None:
    shared_edge.put({"handbook/install/🚀": "https://example.com/exact", "c/abc": "https://example.com/c"})
    shared_edge.put_rich("localhost/handbook", "https://docs.example.com", prefix=True, below=["install/🚀"])
    shared_origin.links["localhost/c/new"] = "1.1.1.1.https://example.com/new"
    for _ in ("from KV", "from memory"):
        assert shared_edge.location_bytes("/handbook/install/%F0%9F%9A%80") == b"https://example.com/exact"
        assert shared_edge.location_bytes("/handbook/install/%61?x") == b"https://docs.example.com/install/%61"
        assert shared_edge.location_bytes("/handbook/") == b"https://docs.example.com"
        assert shared_edge.location_bytes("/c/abc") == b"https://example.com/c"
        assert shared_edge.location_bytes("/c%2Fabc/") == b"https://example.com/c"
        assert shared_edge.location_bytes("/c/new") == b"https://example.com/new"
        assert b'src="/c/abc.qr"' in shared_edge.request("/c/abc+")[2]
        assert shared_edge.request("/c/abc.qr")[1]["content-type"] == "image/svg+xml"
    asked = len(shared_origin.asked)
    assert [shared_edge.request(f"/scan/{number}/x.php")[0] for number in range(10)] == [404] * 10
    assert shared_origin.asked[asked:] == ["localhost/scan/0/x.php"]
    about = [key for key in shared_origin.asked if key.partition("/")[2].startswith(("handbook", "c/"))]
    assert set(about) == {"localhost/c/new"}
    until(lambda: any(click["code"] == "handbook/install/🚀" for click in shared_origin.clicks), 10)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "LOCALHOST:99"])
def test_this_machine_has_many_names(shared_edge: EdgeProcess, host: str) -> None:
    shared_edge.put({"names": "https://example.com/"})
    assert shared_edge.request("/names", Host=host)[0] == 302


@pytest.mark.parametrize("host", ["evil.example", "..", "a" * 300, "xn--"])
def test_unknown_hosts_get_a_plain_no(shared_edge: EdgeProcess, host: str) -> None:
    shared_edge.put({"names": "https://example.com/"})
    status, headers, body = shared_edge.request("/names", Host=host)
    assert status == 404
    assert "location" not in headers
    assert host.encode() not in body


def test_a_stale_link_is_served_at_once_and_read_again_behind(shared_edge: EdgeProcess) -> None:
    shared_edge.put({"edit": "https://example.com/old"}, version=1)
    assert shared_edge.location_bytes("/edit").endswith(b"/old")
    shared_edge.put({"edit": "https://example.com/new"}, version=2)
    time.sleep(1.1)  # FRESH_SECONDS
    assert shared_edge.location_bytes("/edit").endswith(b"/old")
    until(lambda: shared_edge.location_bytes("/edit").endswith(b"/new"), 10)


def test_an_answer_that_origin_did_not_sign_is_refused(shared_edge: EdgeProcess, shared_origin: OriginFake) -> None:
    shared_origin.links["localhost/forged"] = "1.1.1.1.https://evil.example/"
    shared_origin.answer_secret = "somebody else's"
    try:
        status, headers, _ = shared_edge.request("/forged")
    finally:
        shared_origin.answer_secret = shared_origin.secret
    assert (status, "location" in headers) == (503, False)


def test_origin_down_is_a_clear_page_for_unknown_links_only(
    shared_edge: EdgeProcess, shared_origin: OriginFake
) -> None:
    shared_edge.put({"steady": "https://example.com/"})
    assert shared_edge.request("/steady")[0] == 302
    shared_origin.stop()
    try:
        status, headers, body = shared_edge.request("/nobody-knows")
        assert (status, headers["retry-after"]) == (503, "1")
        assert b"try again" in body
        assert shared_edge.request("/steady")[0] == 302
        shared_edge.put({"in-kv": "https://example.com/"})
        assert shared_edge.request("/in-kv")[0] == 302
    finally:
        shared_origin.start()
    until(lambda: shared_edge.request("/nobody-knows")[0] == 404, 10)


def test_health_metrics_and_closed_doors(shared_edge: EdgeProcess) -> None:
    assert shared_edge.request("/healthz")[0] == 200
    assert b'"kv"' in shared_edge.request("/readyz")[2]
    assert b"nearhop_edge_clicks_kept_total" in shared_edge.request("/metrics")[2]
    for path in ("/_nearhop/stats", "/_nearhop/flush", "/_nearhop/deliver"):
        assert shared_edge.request(path, "POST")[0] == 401
    assert shared_edge.request("/known", "POST")[0] == 405
