"""What redirects of known links cost while origin is away: two whole edges side by side, one with and one without an origin.

Both are what `make run` starts: the runner, its workerd, its queue on disk. Origin is a process that takes batches or
fails as it is told. Turns alternate, so that what else the machine does hits both. `cpu_us` is the CPU time of workerd for a
redirect; that of the runner (the queue) and of origin, on the same two cores, stand beside it.
"""

import asyncio
import json
import statistics
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench import open_loop, turns
from bench.edge_processes import edge_environment, node
from bench.edge_traffic import traffic
from bench.ports import unused_ports

ROOT = Path(__file__).parents[1]
RATE = 3_000
_KV = "/client/v4/accounts/local/storage/kv/namespaces/nearhop-links/bulk"
_KV_KEY = "bench"  # of a KV that ends with this process

Turn = dict[str, float]


@dataclass(frozen=True)
class Side:
    """One edge: its port, its origin's, and the process ids of runner and origin."""

    port: int
    origin_port: int
    runner: int
    origin: int

    def origin_is(self, how: str) -> None:
        """What becomes of batches from now on: ok, down, late, error or garbage."""
        httpx.put(f"http://127.0.0.1:{self.origin_port}/{how}").raise_for_status()

    def turn(self, seconds: int, rate: float | None) -> Turn:
        """Redirects at a rate, or as many as it can, and what they cost each process."""
        before = self._used()
        if rate is None:
            found = turns.load(self.port, seconds)
        else:
            found = asyncio.run(open_loop.load(self.port, seconds, rate, traffic()))
        redirects = found["redirects_per_second"] * seconds
        return found | {name: (used - before[name]) * 1e6 / redirects for name, used in self._used().items()}

    def _used(self) -> dict[str, float]:
        return {
            "cpu_us": turns.descendants_cpu(self.runner),
            "runner_cpu_us": turns.own_cpu(self.runner),
            "origin_cpu_us": turns.own_cpu(self.origin),
        }


def run(rounds: int = turns.ROUNDS, seconds: int = turns.SECONDS) -> dict[str, Any]:
    """Medians over the rounds: at full speed, then for a second a turn at RATE and at half of full speed."""
    with ExitStack() as started:
        sides = {name: started.enter_context(side()) for name in ("with_origin", "without_origin")}
        away = sides["without_origin"]
        away.origin_is("down")
        for each in sides.values():
            each.turn(2, None)  # caches and compiler are warm after it
        full = _in_turns(sides, rounds, seconds, None)
        rates = {name: each["redirects_per_second"] for name, each in full.items()}
        half = round(min(rates.values()) / 2)
        found: dict[str, Any] = {
            "without_to_with": round(rates["without_origin"] / rates["with_origin"], 2),
            "full_speed": full,
            f"at_{RATE}": _in_turns(sides, rounds * seconds, 1, RATE),
            "at_half_speed": _in_turns(sides, rounds * seconds, 1, half),
        }
        for how in ("late", "error", "garbage"):
            away.origin_is(how)
            found[f"at_{RATE}"][how] = _median([away.turn(1, RATE) for _ in range(2 * seconds)])
        return found


def _in_turns(sides: dict[str, Side], rounds: int, seconds: int, rate: float | None) -> dict[str, Turn]:
    measured: dict[str, list[Turn]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, each in sides.items():
            measured[name].append(each.turn(seconds, rate))
    return {name: _median(each) for name, each in measured.items()}


def _median(measured: list[Turn]) -> Turn:
    return {name: round(statistics.median(turn[name] for turn in measured), 2) for name in measured[0]}


@contextmanager
def side() -> Iterator[Side]:
    """Start an edge with its links, and an origin that takes everything."""
    port, kv, origin_port = unused_ports(3)
    settings = {"NEARHOP_CLOUDFLARE_API_TOKEN": _KV_KEY}
    with (
        edge_environment(port, kv, origin_port, **settings) as environment,
        node(environment, turns.WORKERS / "origin.mjs", str(origin_port)) as origin,
        node(environment, ROOT / "deploy/local/edge_runner/run.mjs", ready="edge ready") as runner,
    ):
        _put_links(kv)
        yield Side(port, origin_port, runner, origin)


def _put_links(kv: int) -> None:
    urls = (turns.WORKERS / "urls.txt").read_text(encoding="utf-8").split()
    pairs = [{"key": f"localhost/{number}", "value": f"1.1.1.1.{url}"} for number, url in enumerate(urls)]
    headers = {"Authorization": f"Bearer {_KV_KEY}"}
    httpx.put(f"http://127.0.0.1:{kv}{_KV}", json=pairs, headers=headers, timeout=60).raise_for_status()


if __name__ == "__main__":
    print(json.dumps(run(4, 3), indent=2))
