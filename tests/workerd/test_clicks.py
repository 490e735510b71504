"""Clicks leave the real runtime in batches, whatever happens to origin or to the edge, and none is counted twice."""

import concurrent.futures
import json
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.workerd.edge_process import EdgeProcess, until
from tests.workerd.origin_fake import OriginFake

MakeEdge = Callable[..., EdgeProcess]


def visit(edge: EdgeProcess, paths: list[str], method: str = "GET", **headers: str) -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda path: edge.request(path, method, **headers)[0], paths))
    assert set(answers) == {302}


def queued(edge: EdgeProcess) -> list[Path]:
    return list((edge.home / "queue").glob("*.seg"))


def by_code(origin: OriginFake) -> Counter[str]:
    ids = Counter(click["id"] for click in origin.clicks)
    assert not [click for click, times in ids.items() if times > 1]
    return Counter(click["code"] for click in origin.clicks)


def test_every_click_arrives_once_in_few_batches(shared_edge: EdgeProcess, shared_origin: OriginFake) -> None:
    codes = [f"c{number}" for number in range(10)]
    shared_edge.put({code: f"https://example.com/{code}" for code in codes})
    visit(shared_edge, [f"/{code}" for code in codes] * 60)
    until(lambda: len(shared_origin.clicks) >= 600, 20)
    assert by_code(shared_origin) == dict.fromkeys(codes, 60)
    assert len(shared_origin.batches) < 100
    until(lambda: shared_edge.stats()["clicks_sent"] == 600, 5)


def test_a_click_carries_headers_and_place(shared_edge: EdgeProcess, shared_origin: OriginFake) -> None:
    shared_edge.put({"told": "https://example.com/ü"})
    headers = {
        "User-Agent": 'a "quoted" browser',
        "Referer": "https://news.example/?a=b",
        "Accept-Language": "de-DE,de;q=0.9",
        "CF-Connecting-IP": "192.0.2.7",
        "MF-CF-Blob": json.dumps({"country": "DE", "city": "Köln", "asn": 64496, "unwanted": "x"}),
    }
    visit(shared_edge, ["/told?qr=1&n=%22"], **headers)
    visit(shared_edge, ["/told"], "HEAD")
    visit(shared_edge, ["/told"], **{"Sec-Purpose": "prefetch"})
    until(lambda: by_code(shared_origin)["told"] == 3, 20)
    told = [click for click in shared_origin.clicks if click["code"] == "told"]
    seen = {
        name: told[0].get(name)
        for name in ("user_agent", "referer", "language", "ip", "country", "city", "asn", "query", "trigger", "url")
    }
    assert seen == {
        "user_agent": 'a "quoted" browser',
        "referer": "https://news.example/?a=b",
        "language": "de-DE,de;q=0.9",
        "ip": "192.0.2.7",
        "country": "DE",
        "city": "Köln",
        "asn": 64496,
        "query": "qr=1&n=%22",
        "trigger": "qr",
        "url": "https://example.com/ü",
    }
    assert "unwanted" not in told[0]
    assert [click.get("kind") for click in told] == [None, "head", "prefetch"]


def test_what_origin_does_not_take_outlives_a_restart_in_the_queue(make_edge: MakeEdge, origin: OriginFake) -> None:
    edge = make_edge().start()
    edge.put({"a": "https://example.com/"})
    origin.fails = True
    visit(edge, ["/a"] * 40)
    until(lambda: edge.stats()["clicks_queued"] == 40, 20)
    assert edge.stop(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: not edge.listens(), 10, lambda: "workerd outlived its runner")
    origin.fails = False
    edge.start()
    until(lambda: by_code(origin)["a"] == 40, 30)
    until(lambda: queued(edge) == [], 10)


def test_a_killed_edge_loses_at_most_its_buffer_and_repeats_nothing(make_edge: MakeEdge, origin: OriginFake) -> None:
    edge = make_edge(NEARHOP_EDGE_CLICK_DELAY_SECONDS="0.5").start()
    edge.put({"a": "https://example.com/"})
    visit(edge, ["/a"] * 300)
    until(lambda: by_code(origin)["a"] == 300, 20)  # all that was flushed is safe
    visit(edge, ["/a"] * 50)
    edge.stop(signal.SIGKILL)
    until(lambda: not edge.listens(), 10, lambda: "workerd outlived its runner")
    edge.start()
    assert 300 <= by_code(origin)["a"] <= 350
    visit(edge, ["/a"] * 10)  # links are still in KV, and clicks flow again
    before = by_code(origin)["a"]
    until(lambda: by_code(origin)["a"] >= before + 10 or by_code(origin)["a"] >= 360, 20)
    assert by_code(origin)["a"] <= 360


def test_an_edge_that_is_stopped_hands_its_clicks_over_first(make_edge: MakeEdge, origin: OriginFake) -> None:
    edge = make_edge(NEARHOP_EDGE_CLICK_DELAY_SECONDS="60").start()
    edge.put({"a": "https://example.com/"})
    visit(edge, ["/a"] * 40)
    assert origin.clicks == []
    assert edge.stop() == 0
    assert by_code(origin)["a"] == 40
    assert not edge.listens()


@pytest.mark.parametrize("failure", ["refuses", "gone"])
def test_an_edge_that_is_stopped_while_origin_is_away_keeps_its_clicks(
    make_edge: MakeEdge, origin: OriginFake, failure: str
) -> None:
    edge = make_edge(NEARHOP_EDGE_CLICK_DELAY_SECONDS="60").start()
    edge.put({"a": "https://example.com/"})
    visit(edge, ["/a"] * 40)
    if failure == "refuses":
        origin.fails = True
    else:
        origin.stop()
    assert edge.stop() == 0
    origin.fails = False
    if failure == "gone":
        origin.start()
    edge.start()
    until(lambda: by_code(origin)["a"] == 40, 20)


def test_a_lost_acknowledgement_counts_once(
    make_edge: MakeEdge, origin: OriginFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Forgetful(dict[str, list[dict[str, Any]]]):
        def setdefault(self, key: str, default: Any = None) -> Any:
            known = key in self
            super().setdefault(key, default)
            if not known:
                raise ConnectionAbortedError  # has it, and dies before it can say so

    monkeypatch.setattr(origin, "batches", Forgetful())
    edge = make_edge().start()
    edge.put({"a": "https://example.com/"})
    visit(edge, ["/a"] * 30)
    until(lambda: edge.stats()["clicks_sent"] == 30, 20)
    assert by_code(origin)["a"] == 30
    assert origin.posts >= 2


def test_what_origin_refuses_for_good_is_laid_aside_and_holds_nobody_up(
    make_edge: MakeEdge, origin: OriginFake
) -> None:
    edge = make_edge().start()
    edge.put({"a": "https://example.com/"})
    origin.answers = "never"
    visit(edge, ["/a"] * 5)
    dead = edge.home / "queue" / "dead"
    until(lambda: len(list(dead.glob("*.json"))) >= 1 and not queued(edge), 20)
    origin.answers = ""
    told = [json.loads(file.read_text(encoding="utf-8")) for file in dead.glob("*.json")]
    assert sum(len(batch["clicks"]) for batch in told) == 5
    visit(edge, ["/a"] * 5)
    until(lambda: by_code(origin)["a"] == 5, 20)


def test_a_full_queue_leaves_clicks_in_the_edges_own_buffer(make_edge: MakeEdge, origin: OriginFake) -> None:
    edge = make_edge(NEARHOP_EDGE_QUEUE_BYTES="100", NEARHOP_EDGE_CLICK_DELAY_SECONDS="0.2").start()
    edge.put({"a": "https://example.com/"})
    origin.fails = True
    visit(edge, ["/a"] * 20)
    until(lambda: edge.stats()["clicks_held"] == 20, 20)
    assert edge.stats()["clicks_queued"] == 0
    origin.fails = False
    time.sleep(2.5)
    visit(edge, ["/a"])  # whose flush takes the others along
    until(lambda: by_code(origin)["a"] == 21, 20)
