"""Requests at a fixed rate, whatever becomes of those before: what waits for a free connection waits in the figures."""

import asyncio
import time
from collections import deque

from bench.edge_traffic import Traffic

_CONNECTIONS = 64
_TICK_SECONDS = 0.0005
_LAST_SECONDS = 10


async def load(port: int, seconds: float, rate: float, traffic: Traffic) -> dict[str, float]:
    """p50 and p99 in milliseconds from when a request was due; raises AssertionError where a redirect is not answered."""
    crowd = _Crowd()
    loop = asyncio.get_running_loop()
    for _ in range(_CONNECTIONS):
        await loop.create_connection(lambda: _Visitor(crowd), "127.0.0.1", port)
    began = time.perf_counter()
    while (now := time.perf_counter()) < began + seconds:
        for _ in range(int((now - began) * rate) - crowd.asked):
            crowd.ask(next(traffic), now)
        await asyncio.sleep(_TICK_SECONDS)
    for _ in range(_LAST_SECONDS * 100):
        if len(crowd.latencies) == crowd.asked:
            break
        await asyncio.sleep(0.01)
    latencies = sorted(crowd.latencies)
    assert len(latencies) == crowd.asked, f"{crowd.asked - len(latencies)} requests were not answered"
    for visitor in crowd.free:
        visitor.transport.close()
    return {
        "redirects_per_second": round(crowd.asked / seconds),
        "p50_ms": latencies[len(latencies) // 2] * 1000,
        "p99_ms": latencies[int(len(latencies) * 0.99)] * 1000,
    }


class _Crowd:
    """All connections, and the requests for which none is free."""

    def __init__(self) -> None:
        self.free: list[_Visitor] = []
        self.waiting: deque[tuple[bytes, float]] = deque()
        self.latencies: list[float] = []
        self.asked = 0

    def ask(self, request: bytes, due: float) -> None:
        self.asked += 1
        if self.free:
            self.free.pop().ask(request, due)
        else:
            self.waiting.append((request, due))


class _Visitor(asyncio.Protocol):
    """A connection with one request at a time."""

    transport: asyncio.Transport

    def __init__(self, crowd: _Crowd) -> None:
        self._crowd = crowd
        self._received = b""
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._crowd.free.append(self)

    def ask(self, request: bytes, due: float) -> None:
        self._due = due
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._received.endswith(b"\r\n\r\n"):  # a redirect has no body
            return
        assert self._received.startswith(b"HTTP/1.1 302"), self._received
        self._received = b""
        self._crowd.latencies.append(time.perf_counter() - self._due)
        if self._crowd.waiting:
            self.ask(*self._crowd.waiting.popleft())
        else:
            self._crowd.free.append(self)
