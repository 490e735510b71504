"""The few calls to the REST API that the demo makes itself; the import goes through the `nearhop` command."""

import time
from typing import Any, Self

import httpx

_PAGE_SIZE = 100
_TIMEOUT_SECONDS = 30.0


class DemoApi:
    """A workspace's links, as the API tells them."""

    def __init__(self, origin_url: str, api_key: str) -> None:
        self._client = httpx.Client(
            base_url=f"{origin_url}/api/v1", headers={"Authorization": f"Bearer {api_key}"}, timeout=_TIMEOUT_SECONDS
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def links(self) -> list[dict[str, Any]]:
        """All of them."""
        found: list[dict[str, Any]] = []
        while True:
            page = len(found) // _PAGE_SIZE + 1
            answer = self._client.get("/links", params={"page": page, "pageSize": _PAGE_SIZE})
            answer.raise_for_status()
            found += answer.json()
            if len(answer.json()) < _PAGE_SIZE:
                return found

    def clicks(self) -> int:
        """Of the whole workspace, ever."""
        answer = self._client.get("/analytics", params={"event": "clicks", "groupBy": "count", "interval": "all"})
        answer.raise_for_status()
        return int(answer.json()["clicks"])

    def wait_for_clicks(self, count: int, timeout: float = 60.0) -> float:
        """Until that many are counted or the time is over; returns the seconds it took."""
        began = time.monotonic()
        while not self._all_there(count) and time.monotonic() - began < timeout:
            time.sleep(0.1)
        return time.monotonic() - began

    def _all_there(self, count: int) -> bool:
        # ClickHouse feeds one rollup after the other: the links' counts are there a moment after the workspace's.
        return self.clicks() >= count and sum(self.clicks_by_link().values()) >= count

    def clicks_by_link(self) -> dict[str, int]:
        """Each short link's count."""
        return {link["shortLink"]: int(link["clicks"]) for link in self.links()}
