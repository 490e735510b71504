"""How long until a change is seen: a new link at the edge, in KV, and a click in the API, on a whole Nearhop."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from deploy.local.stack import Stack

ROUNDS = 25
_GIVE_UP_SECONDS = 20.0
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
_FOUND = 302


def run() -> dict[str, Any]:
    """Seconds, p50 and the longest, of each way."""
    with tempfile.TemporaryDirectory(prefix="nearhop-bench-") as folder, Stack(Path(folder) / "home") as stack:
        key = stack.credentials["api_key"]
        with httpx.Client(timeout=30, headers={"Authorization": f"Bearer {key}", "User-Agent": _BROWSER}) as client:
            probe = Probe(client, stack)
            probe.one_round(0)  # the first of each takes the cold paths
            rounds = [probe.one_round(number) for number in range(1, ROUNDS + 1)]
    return {name: summary([each[name] for each in rounds]) for name in rounds[0]}


class Probe:
    """Makes a link, opens it, and watches for what follows."""

    def __init__(self, client: httpx.Client, stack: Stack) -> None:
        self._client = client
        self._api = f"{stack.url('origin')}/api/v1"

    def one_round(self, number: int) -> dict[str, float]:
        link = self._client.post(f"{self._api}/links", json={"url": f"https://example.com/{number}"}).json()
        made = time.monotonic()
        self._until(lambda: self._client.get(link["shortLink"]).status_code == _FOUND)
        at_edge = time.monotonic() - made
        self._until(lambda: self._link(link["id"])["edge"]["state"] == "live")
        in_kv = time.monotonic() - made
        opened = time.monotonic()
        self._client.get(link["shortLink"])
        self._until(lambda: self._clicks(link["id"]) > 1)
        return {"create_to_edge": at_edge, "create_to_kv": in_kv, "click_to_api": time.monotonic() - opened}

    def _link(self, link_id: str) -> dict[str, Any]:
        return dict(self._client.get(f"{self._api}/links/info", params={"linkId": link_id}).json())

    def _clicks(self, link_id: str) -> int:
        params = {"linkId": link_id, "event": "clicks", "groupBy": "count", "interval": "24h"}
        return int(self._client.get(f"{self._api}/analytics", params=params).json()["clicks"])

    @staticmethod
    def _until(seen: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _GIVE_UP_SECONDS
        while not seen():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not seen within {_GIVE_UP_SECONDS} s")
            time.sleep(0.01)


def summary(seconds: list[float]) -> dict[str, float]:
    return {"p50_seconds": round(statistics.median(seconds), 3), "longest_seconds": round(max(seconds), 3)}
