"""Links with limits, from the API through KV to the edge and back: capped, one-time, unsafe and reported ones."""

import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from deploy.local.stack import Stack

pytestmark = pytest.mark.stack

OVER = "https://example.com/over"
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
}
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One whose edge reads a link again after a second."""
    quick = {"NEARHOP_EDGE_FRESH_SECONDS": "1", "NEARHOP_EDGE_STALE_SECONDS": "1"}
    with Stack(tmp_path_factory.mktemp("limits") / "home", quick) as started:
        yield started


def made(api: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = api.post("/links", json={"url": "https://example.com/", **body})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def visit(link: dict[str, Any]) -> tuple[int, str]:
    answer = httpx.get(link["shortLink"], headers=BROWSER, timeout=30)
    return answer.status_code, answer.headers.get("location", answer.text)


def until(seen: Any, wanted: Any) -> None:
    """Wait until a call gives what is wanted."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (found := seen()) != wanted:
        assert time.monotonic() < end, found
        time.sleep(0.3)


def test_a_capped_link_closes_at_the_edge_and_opens_with_a_higher_cap(api: httpx.Client) -> None:
    link = made(api, redirect={"maxClicks": 3}, expiredUrl=OVER)
    for _ in range(3):
        assert visit(link) == (302, "https://example.com/")
    until(lambda: visit(link), (302, OVER))
    shown = api.get("/links/info", params={"linkId": link["id"]}).json()
    assert shown["cappedAt"] is not None
    assert shown["clicks"] >= 3
    api.patch(f"/links/{link['id']}", json={"redirect": {"maxClicks": 1_000}})
    until(lambda: visit(link), (302, "https://example.com/"))


def test_a_one_time_link_lets_one_visitor_in_each_time_it_is_opened(api: httpx.Client) -> None:
    link = made(api, redirect={"oneTime": True})
    assert [visit(link)[0] for _ in range(3)] == [302, 410, 410]
    assert api.get("/links/info", params={"linkId": link["id"]}).json()["openedAt"] is not None
    assert api.post(f"/links/{link['id']}/open-again").status_code == 200
    assert [visit(link)[0] for _ in range(2)] == [302, 410]


def test_an_unsafe_link_warns_with_its_reason(api: httpx.Client) -> None:
    link = made(api, redirect={"unsafe": "It shows spoilers."})
    status, page = visit(link)
    assert status == 200
    assert "It shows spoilers." in page


def test_a_visitors_report_ends_in_a_quarantine_at_the_edge(api: httpx.Client, stack: Stack) -> None:
    link = made(api)
    about = httpx.get(f"{link['shortLink']}+", headers=BROWSER, timeout=30).text
    (form_url,) = re.findall(r'href="([^"]+/report\?url=[^"]+)"', about)
    assert urlsplit(form_url).port == urlsplit(stack.url("origin")).port
    with httpx.Client(timeout=30) as visitor:
        (token,) = re.findall(r'name="token" value="(\w+)"', visitor.get(form_url).text)
        fields = {"token": token, "url": link["shortLink"], "reason": "phishing", "comment": "It wants my password."}
        assert visitor.post(form_url.partition("?")[0], data=fields).status_code == 202
    (report,) = api.get("/reports", params={"linkId": link["id"]}).json()
    assert api.post(f"/reports/{report['id']}/settle", json={"outcome": "blocked"}).status_code == 200
    until(lambda: visit(link)[0], 410)
    assert "taken down" in visit(link)[1]
    assert api.delete(f"/links/{link['id']}/quarantine").status_code == 200
    until(lambda: visit(link), (302, "https://example.com/"))
