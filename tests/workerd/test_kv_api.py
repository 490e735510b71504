"""Cloudflare's KV paths, as kvsync uses them, and as it could misuse them."""

from typing import Any

import pytest

from tests.workerd.edge_process import KV, EdgeProcess


def test_pairs_are_written_read_listed_and_deleted(shared_edge: EdgeProcess) -> None:
    pairs = [
        {"key": f"kv.example/ü{number:03}", "value": f"v{number}", "metadata": {"v": number}} for number in range(250)
    ]
    status, answer = shared_edge.kv("PUT", "/bulk", pairs)
    assert (status, answer["success"], answer["result"]["successful_key_count"]) == (200, True, 250)
    assert shared_edge.kv("GET", "/values/kv.example%2F%C3%BC007") == (200, "v7")
    assert shared_edge.kv("GET", "/metadata/kv.example%2F%C3%BC007")[1]["result"] == {"v": 7}
    listed, cursor, pages = [], "", 0
    while pages == 0 or cursor:
        _, page = shared_edge.kv("GET", f"/keys?prefix=kv.example/&limit=100&cursor={cursor}")
        listed += page["result"]
        cursor, pages = page["result_info"]["cursor"], pages + 1
    assert [(each["name"], each["metadata"]["v"]) for each in listed] == [
        (pair["key"], n) for n, pair in enumerate(pairs)
    ]
    assert pages == 3
    status, answer = shared_edge.kv("POST", "/bulk/delete", [pair["key"] for pair in pairs])
    assert (status, answer["success"]) == (200, True)
    assert shared_edge.kv("GET", "/keys?prefix=kv.example/")[1]["result"] == []


def test_single_values(shared_edge: EdgeProcess) -> None:
    assert shared_edge.kv("PUT", "/values/one%2Fkey", b"text \xc3\xbc")[0] == 200
    assert shared_edge.kv("GET", "/values/one%2Fkey") == (200, "text ü")
    assert shared_edge.kv("DELETE", "/values/one%2Fkey")[0] == 200
    status, answer = shared_edge.kv("GET", "/values/one%2Fkey")
    assert (status, answer["errors"][0]["code"]) == (404, 10009)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "JSON"),
        ({"key": "a"}, "array"),
        ([{"key": "a", "value": "x"}, {"key": "", "value": "x"}], "entry 1: key"),
        ([{"key": "k" * 513, "value": "x"}], "512"),
        ([{"key": "a", "value": 1}], "value must be a string"),
        ([{"key": "a"}], "value must be a string"),
        ([None], "must be an object"),
        ([{"key": "a", "value": "x", "metadata": "m" * 1025}], "1024"),
        ([{"key": "a", "value": "x", "expiration_ttl": 1}], "at least 60"),
        ([{"key": "a", "value": "x"}] * 10_001, "10000"),
    ],
)
def test_bad_pairs_are_refused_whole(shared_edge: EdgeProcess, body: Any, says: str) -> None:
    status, answer = shared_edge.kv("PUT", "/bulk", body)
    assert 400 <= status < 500
    assert answer["success"] is False
    assert says in answer["errors"][0]["message"]
    assert shared_edge.kv("GET", "/values/a")[0] == 404


def test_strangers_and_wrong_paths_are_refused(shared_edge: EdgeProcess) -> None:
    assert shared_edge.kv("GET", "/keys", token="wrong")[1]["errors"][0]["code"] == 10000
    assert shared_edge.kv("GET", "/keys?limit=5")[0] == 400
    assert shared_edge.kv("PATCH", "/bulk")[0] == 405
    assert (
        shared_edge.cloudflare("GET", KV.replace("nearhop-links", "other") + "/keys")[1]["errors"][0]["code"] == 10013
    )
    assert shared_edge.cloudflare("GET", "/client/v4/user")[0] == 404
