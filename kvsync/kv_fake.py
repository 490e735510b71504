"""A stand-in for Cloudflare's KV REST API, for tests: one namespace in memory, its bounds and its ways to fail.

Known to differ: it is consistent at once (Workers KV lists a write after up to a minute), and error codes other than the
HTTP status are Cloudflare's only where its documentation names them.
"""

import asyncio
import base64
import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_PAIRS = 10_000
MAX_BODY_BYTES = 100_000_000
MAX_KEY_BYTES = 512
MAX_VALUE_BYTES = 25 * 1024 * 1024
MAX_METADATA_BYTES = 1024
FEWEST_LISTED, MOST_LISTED = 10, 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answers. `reset` breaks the connection instead, after the call was carried out or before."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    reset: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure for one call: an HTTP status, a broken connection (no status), or just a delay (only `delay` given).

    `carried_out`: the call takes effect all the same, as when only its answer is lost.
    """

    status: int = 0
    retry_after: str = ""
    delay: float = 0
    carried_out: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """One write that took effect. `version` is what its metadata said; None for a delete."""

    key: str
    version: int | None
    at: float


class _Refused(Exception):
    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.answer = _failure(status, code, message)


class FakeKv:
    """The namespace. Tests read `pairs` and `writes`, push `faults`, and may plug in `refuses`."""

    def __init__(self, account: str = "local", namespace: str = "nearhop-links", token: str = "fake") -> None:  # noqa: S107  # no secret: nothing real takes it
        self.pairs: dict[str, tuple[str, Any]] = {}
        self.writes: list[Write] = []
        self.calls: list[tuple[str, int]] = []
        self.faults: deque[Fault] = deque()
        self.delay = 0.0
        # Keys for which a bulk call is refused as a whole, for a reason that the bounds below don't cover.
        self.refuses: Callable[[str], bool] = lambda _: False
        # Keys that a bulk call leaves out, once each.
        self.unsuccessful: set[str] = set()
        self._base = f"/client/v4/accounts/{account}/storage/kv/namespaces/{namespace}/"
        self._token = token

    async def handle(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer one call; header names in lower case."""
        fault = self.faults.popleft() if self.faults else None
        await asyncio.sleep(fault.delay if fault else self.delay)
        if fault and not fault.carried_out and (fault.status or not fault.delay):
            return _fault(fault)
        try:
            answer = self._answer(method, target, headers, body)
        except _Refused as refused:
            answer = refused.answer
        return _fault(fault) if fault and fault.carried_out else answer

    def versions_never_fell(self) -> bool:
        """No key was ever written with a lower version than before."""
        highest: dict[str, int] = {}
        for write in self.writes:
            if write.version is not None and write.version < highest.get(write.key, 0):
                return False
            highest[write.key] = max(highest.get(write.key, 0), write.version or 0)
        return True

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        if headers.get("authorization") != f"Bearer {self._token}":
            raise _Refused(401, 10000, "Authentication error")
        parts = urlsplit(target)
        if not parts.path.startswith(self._base):
            raise _Refused(404, 10013, "namespace not found")
        path = parts.path.removeprefix(self._base)
        if (method, path) == ("GET", "keys"):
            return self._list({name: values[0] for name, values in parse_qs(parts.query).items()})
        if method == "GET" and path.startswith("values/"):
            return self._value(unquote(path.removeprefix("values/")))
        if (method, path) == ("PUT", "bulk"):
            return self._put(_items(body))
        if (method, path) in {("POST", "bulk/delete"), ("DELETE", "bulk")}:
            return self._delete(_items(body))
        raise _Refused(405, 10405, "Method not allowed for this authentication scheme")

    def _put(self, pairs: list[Any]) -> Answer:
        for pair in pairs:
            if not (isinstance(pair, dict) and isinstance(pair.get("key"), str) and isinstance(pair.get("value"), str)):
                raise _Refused(400, 10012, "invalid bulk pair")
            self._check_key(pair["key"])
            if len(pair["value"].encode()) > MAX_VALUE_BYTES:
                raise _Refused(413, 10047, "value length exceeds the limit")
            if len(json.dumps(pair.get("metadata")).encode()) > MAX_METADATA_BYTES:
                raise _Refused(413, 10056, "metadata length exceeds the limit")
        self.calls.append(("put", len(pairs)))
        for pair in pairs:
            if pair["key"] not in self.unsuccessful:
                self.pairs[pair["key"]] = pair["value"], pair.get("metadata")
                version = (pair.get("metadata") or {}).get("v")
                self.writes.append(Write(pair["key"], version, time.monotonic()))
        return self._bulk_result([pair["key"] for pair in pairs])

    def _delete(self, keys: list[Any]) -> Answer:
        for key in keys:
            if not isinstance(key, str):
                raise _Refused(400, 10012, "invalid bulk key")
            self._check_key(key)
        self.calls.append(("delete", len(keys)))
        for key in keys:
            if key not in self.unsuccessful:
                self.pairs.pop(key, None)
                self.writes.append(Write(key, None, time.monotonic()))
        return self._bulk_result(keys)

    def _bulk_result(self, keys: list[str]) -> Answer:
        failed = [key for key in keys if key in self.unsuccessful]
        self.unsuccessful.difference_update(failed)
        return _success({"successful_key_count": len(keys) - len(failed), "unsuccessful_keys": failed})

    def _check_key(self, key: str) -> None:
        if key in {"", ".", ".."} or len(key.encode()) > MAX_KEY_BYTES:
            raise _Refused(414 if key else 400, 10030, "key name is empty, reserved or too long")
        if self.refuses(key):
            raise _Refused(400, 10014, "could not process the request")

    def _list(self, query: dict[str, str]) -> Answer:
        limit = int(query.get("limit", MOST_LISTED))
        if not FEWEST_LISTED <= limit <= MOST_LISTED:
            raise _Refused(400, 10029, "limit must be 10 to 1000")
        after = base64.urlsafe_b64decode(query.get("cursor", ""))
        prefix = query.get("prefix", "")
        names = sorted(name.encode() for name in self.pairs if name.startswith(prefix))
        rest = [name for name in names if name > after]
        page = rest[:limit]
        cursor = base64.urlsafe_b64encode(page[-1]).decode() if len(rest) > limit else ""
        listed = [_listed(name.decode(), self.pairs[name.decode()][1]) for name in page]
        return _success(listed, {"count": len(listed), "cursor": cursor})

    def _value(self, key: str) -> Answer:
        if key not in self.pairs:
            raise _Refused(404, 10009, "key not found")
        return Answer(200, self.pairs[key][0].encode(), {"content-type": "application/octet-stream"})


def _listed(name: str, metadata: Any) -> dict[str, Any]:
    return {"name": name} if metadata is None else {"name": name, "metadata": metadata}


def _items(body: bytes) -> list[Any]:
    if len(body) > MAX_BODY_BYTES:
        raise _Refused(413, 10021, "request is larger than 100 MB")
    try:
        items = json.loads(body)
    except ValueError:
        items = None
    if not isinstance(items, list):
        raise _Refused(400, 10012, "could not parse the body")
    if len(items) > MAX_PAIRS:
        raise _Refused(400, 10045, f"too many keys: {MAX_PAIRS} at most")
    return items


def _success(result: Any, info: dict[str, Any] | None = None) -> Answer:
    body = {"success": True, "errors": [], "messages": [], "result": result}
    return _json(200, {**body, "result_info": info} if info else body)


def _failure(status: int, code: int, message: str, headers: dict[str, str] | None = None) -> Answer:
    body = {"success": False, "errors": [{"code": code, "message": message}], "messages": [], "result": None}
    return _json(status, body, headers)


def _json(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, json.dumps(body).encode(), {"content-type": "application/json", **(headers or {})})


def _fault(fault: Fault) -> Answer:
    if not fault.status:
        return Answer(0, b"", reset=True)
    headers = {"retry-after": fault.retry_after} if fault.retry_after else {}
    code = 10429 if fault.status == 429 else 10000  # noqa: PLR2004  # the status of the code beside it
    return _failure(fault.status, code, "simulated failure", headers)
