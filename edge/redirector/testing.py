"""A runtime without a Worker around it: KV, origin and queue are what a test puts there."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from redirector.ports import VISITOR_HEADERS, Facts, Reply, Unreachable, Unreadable, Unsendable


@dataclass
class FakeRequest:
    """A request as a browser sends it."""

    url: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    cf: dict[str, Any] | None = None
    text: str = ""


@dataclass
class FakeResponse:
    """A reply as it would be sent."""

    status: int
    headers: dict[str, str]
    body: str = ""
    cookies: Sequence[str] = ()


@dataclass
class Call:
    """One call of a service behind the edge."""

    method: str
    url: str
    headers: dict[str, str]
    body: str | None


Service = Callable[[Call], Reply]
Cipher = Callable[[bytes, bytes, bytes, bytes], bytes]


def silent(_: Call) -> Reply:
    """A service that does not answer."""
    raise Unreachable("nobody listens there")


def no_cipher(_key: bytes, _nonce: bytes, _data: bytes, _associated: bytes) -> bytes:
    """Opens nothing."""
    raise Unreadable


class FakeRuntime:
    """redirector.ports.Runtime, with a clock that stands still until a test or a sleep moves it."""

    def __init__(self, service: Service = silent) -> None:
        self.clock = 1_800_000_000.0
        self.kv: dict[str, str] = {}
        self.kv_reads: list[str] = []
        self.kv_reads_soon: list[str] = []  # those of them that asked for a young copy
        self.kv_works = True
        self.service = service
        self.calls: list[Call] = []
        self.queue: list[str] = []
        self.queue_works = True
        self.platform_allows = True
        self.headers_readable = True
        self.cipher: Cipher = no_cipher  # the standard library has none
        self.deferred: list[Coroutine[Any, Any, None]] = []

    def now(self) -> float:
        return self.clock

    def random_name(self) -> str:
        return "0123456789ab"

    def url(self, request: FakeRequest) -> str:
        return request.url

    def method(self, request: FakeRequest) -> str:
        return request.method

    def facts(self, requests: Sequence[FakeRequest]) -> Facts:
        if not self.headers_readable:
            raise Unreadable
        values = [[self.header(each, name) for name in VISITOR_HEADERS] for each in requests]
        return [self._lines(each) for each in values], [self._lines(each.cf) for each in requests]

    def _lines(self, member: Any) -> str:
        """As one of several, so a step further in."""
        return json.dumps([member], ensure_ascii=False, indent=1)[len("[\n ") : -len("\n]")]

    def header(self, request: FakeRequest, name: str) -> str | None:
        return {each.lower(): value for each, value in request.headers.items()}.get(name.lower())

    async def body(self, request: FakeRequest) -> bytes:
        return request.text.encode()

    def redirect(self, status: int, url: str, headers: dict[str, str], cookies: Sequence[str] = ()) -> FakeResponse:
        if any(character in url for character in "\r\n\0"):
            raise Unsendable(url)
        return FakeResponse(status, {"Location": url, **headers}, cookies=cookies)

    def reply(self, status: int, headers: dict[str, str], body: str, cookies: Sequence[str] = ()) -> FakeResponse:
        return FakeResponse(status, headers, body, cookies)

    def with_header(self, response: FakeResponse, name: str, value: str) -> FakeResponse:
        return replace(response, headers={**response.headers, name: value})

    def utc_offset(self, zone: str, at: float) -> int | None:
        try:
            offset = datetime.fromtimestamp(at, ZoneInfo(zone)).utcoffset()
        except (ZoneInfoNotFoundError, ValueError):
            return None
        return None if offset is None else int(offset.total_seconds())

    async def pbkdf2(self, password: str, salt: bytes, iterations: int, length: int) -> bytes:
        return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations, length)

    async def decrypt(self, key: bytes, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        return self.cipher(key, nonce, data, associated)

    async def may_miss(self, address: str) -> bool:
        return self.platform_allows or not address

    async def pass_on(self, url: str, headers: dict[str, str], seconds: float) -> FakeResponse:
        reply = await self.fetch("GET", url, headers, None, seconds)
        if reply.status != HTTPStatus.OK:
            raise Unreachable(url)
        return FakeResponse(200, {}, reply.text)

    async def kv_get(self, key: str, seconds: float, *, soon: bool = False) -> str | None:
        assert seconds > 0
        self.kv_reads.append(key)
        if soon:
            self.kv_reads_soon.append(key)
        await asyncio.sleep(0)
        if not self.kv_works:
            raise Unreachable("KV is down")
        return self.kv.get(key)

    async def kv_get_bytes(self, key: str, seconds: float) -> bytes | None:
        value = await self.kv_get(key, seconds)
        return None if value is None else value.encode()

    async def hmac_sha256(self, key: bytes, text: bytes) -> bytes:
        return hmac.digest(key, text, "sha256")

    async def fetch(self, method: str, url: str, headers: dict[str, str], body: bytes | None, seconds: float) -> Reply:
        assert seconds > 0
        call = Call(method, url, headers, None if body is None else body.decode())
        self.calls.append(call)
        await asyncio.sleep(0)
        return self.service(call)

    async def queue_send(self, message: bytes) -> None:
        if not self.queue_works:
            raise Unreachable("the queue is down")
        self.queue.append(message.decode())

    async def sleep(self, seconds: float) -> None:
        self.clock += seconds
        await asyncio.sleep(0)

    def defer(self, context: Any, work: Coroutine[Any, Any, None]) -> None:
        assert context is not None
        self.deferred.append(work)

    async def run_deferred(self) -> None:
        """What the runtime does after the replies."""
        while self.deferred:
            await self.deferred.pop(0)
