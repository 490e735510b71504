"""What packs of popular links change for an isolate that starts, in the real runtime: CPU time and latency of first visits."""

import json
import statistics
import time
import urllib.request
from http import HTTPStatus
from typing import Any

from bench import edge_memory, turns

LINKS = 100_000
ROUNDS = 2
# Links in no pack: too few for the packs to be read, and then enough.
_FEW, _ENOUGH = 9, 30
_LOADED_SECONDS = 3.0


def run(rounds: int = ROUNDS, seconds: int = edge_memory.TURN_SECONDS) -> dict[str, Any]:
    """An isolate with packs and one without, in turns: medians over the rounds."""
    if not turns.has_wrk():
        return {"left_out": "wrk is not installed"}
    measured: dict[str, list[dict[str, float]]] = {"with_packs": [], "without_packs": []}
    for _ in range(rounds):
        for name, packed in (("with_packs", LINKS), ("without_packs", 0)):
            measured[name].append(_turn(packed, seconds))
            print(name, measured[name][-1], flush=True)
    found: dict[str, Any] = {
        name: {key: round(statistics.median(each[key] for each in sides), 2) for key in sides[0]}
        for name, sides in measured.items()
    }
    loading = found["with_packs"].pop("start_cpu_ms") - found["without_packs"].pop("start_cpu_ms")
    growth = found["with_packs"].pop("start_rss_mb") - found["without_packs"].pop("start_rss_mb")
    return {"links": LINKS, "loading_cpu_ms": round(loading, 1), "loading_rss_mb": round(growth, 1), **found}


def _turn(packed: int, seconds: int) -> dict[str, float]:
    with edge_memory.many_links(packed) as (port, pid):
        for number in range(_FEW):
            _visit(port, LINKS + 1 + number)  # what runs once has run
        before = turns.own_cpu(pid), edge_memory.resident(pid)
        for number in range(_ENOUGH):
            _visit(port, LINKS + 1 + number)
            time.sleep(_LOADED_SECONDS / _ENOUGH)
        start = {
            "start_cpu_ms": 1000 * (turns.own_cpu(pid) - before[0]),
            "start_rss_mb": edge_memory.resident(pid) - before[1],
        }
        before_turn = turns.own_cpu(pid)
        turn = edge_memory.turn(port, 0, seconds)
        spent = turns.own_cpu(pid) - before_turn
        first_visits = turn.pop("requests")
        assert first_visits < LINKS, "the links did not last"
        return {**start, **turn, "cpu_us": 1_000_000 * spent / first_visits, "rss_mb": edge_memory.resident(pid)}


def _visit(port: int, number: int) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/c{number}", headers={"Host": "localhost"})
    with _opener().open(request, timeout=10) as answer:
        assert answer.status == HTTPStatus.FOUND


class _NoRedirects(urllib.request.HTTPErrorProcessor):
    def http_response(self, request: Any, response: Any) -> Any:
        del request
        return response


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_NoRedirects)


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
