"""An edge with a fake runtime around it, and an origin behind it that checks and signs as the real one does."""

import json
from collections.abc import Coroutine, Iterator
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from redirector.handler import Edge
from redirector.ports import Reply, Unreadable
from redirector.settings import EdgeSettings
from redirector.testing import Call, FakeRequest, FakeResponse, FakeRuntime, silent
from shared import signing
from shared.kv_record import KvRecord, encode
from tests import origin_protocol

SECRET = "the edge's secret"


def decrypt(key: bytes, nonce: bytes, data: bytes, associated: bytes) -> bytes:
    """As Web Crypto does it."""
    try:
        return AESGCM(key).decrypt(nonce, data, associated)
    except (InvalidTag, ValueError) as error:
        raise Unreadable from error


class World:
    """One edge and what is around it."""

    made: ClassVar[list["World"]] = []

    def __init__(self, **settings: Any) -> None:
        self.runtime = FakeRuntime(self.origin)
        self.runtime.cipher = decrypt
        self.edge = Edge(self.runtime, EdgeSettings(edge_secret=SECRET, **settings))
        self.links: dict[str, str] = {}
        self.batches: list[dict[str, Any]] = []
        self.answer_secret = SECRET
        self.made.append(self)

    def origin(self, call: Call) -> Reply:
        parts = urlsplit(call.url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        body = (call.body or "").encode()
        signing.verify(SECRET, call.headers[signing.HEADER], call.method, path, body, self.runtime.clock)
        if call.method == "POST":
            self.batches.append(json.loads(body))
            return Reply(202, None, "{}")
        status, text = origin_protocol.answer(self.links, call.url)
        signature = signing.sign(self.answer_secret, "RESPONSE", path, text.encode(), self.runtime.clock)
        return Reply(status, signature, text)

    def origin_stops(self) -> None:
        self.runtime.service = silent

    def origin_returns(self) -> None:
        self.runtime.service = self.origin

    def put(self, key: str, url: str, version: int = 1, **options: Any) -> str:
        """Store a link in KV; returns the value."""
        value = encode(KvRecord(7, 3, version, url, options))
        self.runtime.kv[key] = value
        return value

    async def get(
        self, path: str, method: str = "GET", host: str = "http://localhost:8787", **more: Any
    ) -> FakeResponse:
        return await self.finish(self.edge.fetch(FakeRequest(host + path, method, **more), object()))

    async def finish(self, reply: Any) -> FakeResponse:
        """The reply, from the edge's answer."""
        if isinstance(reply, Coroutine):
            reply = await reply
        assert isinstance(reply, FakeResponse)
        return reply

    async def call(self, method: str, path: str, body: str = "", secret: str = SECRET) -> FakeResponse:
        """A signed call."""
        header = signing.sign(secret, method, path, body.encode(), self.runtime.clock)
        return await self.get(path, method, headers={signing.HEADER: header}, text=body)

    @property
    def clicks(self) -> list[dict[str, Any]]:
        return [click for batch in self.batches for click in batch["clicks"]]


@pytest.fixture(autouse=True)
def work_that_no_test_asked_for() -> Iterator[None]:
    """Close the flushes that a test left undone, as the end of an isolate does."""
    yield
    for world in World.made:
        for work in world.runtime.deferred:
            work.close()
    World.made.clear()


@pytest.fixture
def world() -> World:
    return World()
