"""What a link can do beyond a redirect, inside workerd: cookies, Web Crypto, forms, pages, calls of origin."""

import concurrent.futures
import hashlib
import http.client
from collections import Counter

import pytest

from origin.links.passwords import derive
from origin.links.sealing import seal
from shared.kv_record import KvRecord, encode
from tests.qr_reader import read_qr
from tests.workerd.edge_process import SECRET, EdgeProcess, until
from tests.workerd.origin_fake import OriginFake

URL = "https://example.com/secret-place"


def post(edge: EdgeProcess, path: str, body: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", edge.port, timeout=20)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded", **headers})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_a_password_opens_what_was_sealed(shared_edge: EdgeProcess) -> None:
    options = {
        "password": derive("öffne dich", b"0123456789abcdef"),
        "sealed": seal(SECRET, 7, {"url": URL, "query": "append"}),
    }
    shared_edge.put_records({"localhost/vault": encode(KvRecord(7, 3, 1, "", options))})
    status, _, page = shared_edge.request("/vault?a=b")
    assert (status, b"secret-place" in page, b'type="password"' in page) == (200, False, True)
    assert post(shared_edge, "/vault", "password=wrong")[0] == 403
    status, headers, _ = post(shared_edge, "/vault?a=b", "password=%C3%B6ffne+dich")
    assert (status, headers["location"]) == (303, "/vault?a=b")
    cookie = headers["set-cookie"].partition(";")[0]
    status, headers, _ = shared_edge.request("/vault?a=b", Cookie=cookie)
    assert (status, headers["location"]) == (302, URL + "?a=b")
    assert [post(shared_edge, "/vault", "password=wrong")[0] for _ in range(6)][-1] == 429


def test_a_one_time_link_opens_for_one_of_many_at_once(shared_edge: EdgeProcess, shared_origin: OriginFake) -> None:
    shared_edge.put_rich("localhost/once", URL, once=True)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(lambda _: shared_edge.request("/once")[0], range(24)))
    assert answers == {302: 1, 410: 23}
    until(lambda: sum(click["code"] == "once" for click in shared_origin.clicks) == 1, 10)


def test_a_split_and_a_returning_visitor_have_their_cookies(shared_edge: EdgeProcess) -> None:
    variants = [{"url": f"https://example.com/{name}", "weight": 1} for name in "ab"]
    rules = [{"when": {"returning": True}, "url": "https://example.com/again"}]
    shared_edge.put_rich("localhost/split", URL, variants=variants, sticky="cookie")
    shared_edge.put_rich("localhost/seen", URL, rules=rules)
    name = "nh_variant_" + hashlib.sha256(b"split").hexdigest()[:8]
    assert shared_edge.request("/split", Cookie=f"{name}=1")[1]["location"].endswith("/b")
    assert shared_edge.request("/split", Cookie=f"{name}=0")[1]["set-cookie"].startswith(f"{name}=0; Path=/split;")
    _, headers, _ = shared_edge.request("/seen")
    assert headers["location"] == URL
    again = shared_edge.request("/seen", Cookie=headers["set-cookie"].partition(";")[0])
    assert again[1]["location"] == "https://example.com/again"


def test_variant_rule_path_and_click_id_stand_on_the_click(shared_edge: EdgeProcess, shared_origin: OriginFake) -> None:
    shared_edge.put_rich("localhost/docs", "https://example.com/d#f", prefix=True, track=True)
    shared_edge.put_rich("localhost/ruled", URL, rules=[{"url": "https://example.com/r"}])
    _, headers, _ = shared_edge.request("/docs/a%20b/c?x=1")
    shared_edge.request("/ruled")
    until(lambda: sum(click["code"] in ("docs", "ruled") for click in shared_origin.clicks) == 2, 10)
    clicks = {click["code"]: click for click in shared_origin.clicks}
    assert headers["location"] == f"https://example.com/d/a%20b/c?nh_id={clicks['docs']['id']}#f"
    assert clicks["docs"]["path"] == "a%20b/c"
    assert (clicks["ruled"]["rule"], clicks["ruled"]["url"]) == (0, "https://example.com/r")


@pytest.mark.parametrize(
    "agent", ["facebookexternalhit/1.1", "Slackbot-LinkExpanding 1.0", "TelegramBot (like TwitterBot)"]
)
def test_crawlers_of_social_networks_get_the_links_own_page(shared_edge: EdgeProcess, agent: str) -> None:
    shared_edge.put_rich("localhost/social", URL, og={"title": "Grüße", "image": "https://example.com/i.png"})
    status, headers, body = shared_edge.request("/social", **{"User-Agent": agent})
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<meta property="og:title" content="Grüße">'.encode() in body
    assert shared_edge.request("/social")[0] == 302


def test_pages_about_a_link(shared_edge: EdgeProcess) -> None:
    shared_edge.put({"about": "https://example.com/about"})
    shared_edge.put_rich("localhost/unsafe", URL, unsafe="Reported as phishing")
    shared_edge.put_rich("localhost/framed", URL, cloak=True)
    shared_edge.put_rich("localhost/app", URL, rules=[{"url": URL, "app": "app://open/1"}])
    assert b"https://example.com/about" in shared_edge.request("/about+")[2]
    status, headers, body = shared_edge.request("/about.qr.png")
    assert (status, headers["content-type"], body) == (200, "image/png", b"a drawing")
    assert b"Reported as phishing" in shared_edge.request("/unsafe")[2]
    assert b"<iframe" in shared_edge.request("/framed")[2]
    assert b'data-app="app://open/1"' in shared_edge.request("/app")[2]


def test_a_qr_code_is_drawn_while_origin_is_down(shared_edge: EdgeProcess, shared_origin: OriginFake) -> None:
    shared_edge.put({"grüße": "https://example.com/"})
    shared_origin.stop()
    try:
        status, headers, body = shared_edge.request("/gr%C3%BC%C3%9Fe.qr", Host="localhost:99")
    finally:
        shared_origin.start()
    assert (status, headers["content-type"]) == (200, "image/svg+xml")
    assert read_qr(body.decode()) == "http://localhost:99/gr%C3%BC%C3%9Fe?qr=1"
    assert shared_edge.request("/gr%C3%BC%C3%9Fe?qr=1")[0] == 302
    until(lambda: any(click["code"] == "grüße" for click in shared_origin.clicks), 10)
    assert [click["trigger"] for click in shared_origin.clicks if click["code"] == "grüße"] == ["qr"]


def test_a_domains_own_record(shared_edge: EdgeProcess) -> None:
    host = "go.example.org"
    shared_edge.put_rich(
        f"{host}/",
        "https://example.com/home",
        not_found_url="https://example.com/oops",
        robots="User-agent: *\n",
        ignore_case=True,
        assetlinks=[{"relation": []}],
    )
    shared_edge.put({"summer": "https://example.com/summer"}, domain=host)
    assert shared_edge.request("/", Host=host)[1]["location"] == "https://example.com/home"
    assert shared_edge.request("/SUMMER", Host="GO.example.org:80")[1]["location"] == "https://example.com/summer"
    assert shared_edge.request("/winter", Host=host)[1]["location"] == "https://example.com/oops"
    assert shared_edge.request("/robots.txt", Host=host)[2] == b"User-agent: *\n"
    assert shared_edge.request("/.well-known/assetlinks.json", Host=host)[2] == b'[{"relation": []}]'


def test_those_who_object_to_tracking_are_not_told_of(shared_edge: EdgeProcess, shared_origin: OriginFake) -> None:
    shared_edge.put({"quiet": "https://example.com/"})
    headers = {"User-Agent": "x", "CF-Connecting-IP": "192.0.2.9", "Sec-GPC": "1"}
    assert shared_edge.request("/quiet", **headers)[0] == 302
    until(lambda: any(click["code"] == "quiet" for click in shared_origin.clicks), 10)
    (click,) = [each for each in shared_origin.clicks if each["code"] == "quiet"]
    assert not {"ip", "user_agent"} & set(click)
