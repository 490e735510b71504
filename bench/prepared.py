"""Batches of clicks that were encoded and signed before the clock starts, and a sender that only writes and waits."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from bench.click_generator.batches import PATH, Batch
from bench.click_generator.post import ACCEPTED, Posted
from shared.signing import REPLAY_WINDOW_SECONDS

_PAUSE = 0.05
_TURNED_AWAY = 503


class Prepared(NamedTuple):
    """A whole HTTP request, and how many clicks it brings."""

    clicks: int
    request: bytes


def prepare(origin_url: str, secret: str, given: Iterable[Batch]) -> list[Prepared]:
    """The requests that post these batches; their signatures are good for REPLAY_WINDOW_SECONDS from now."""
    host = urlsplit(origin_url).netloc
    return [Prepared(batch.end - batch.first, _request(host, secret, batch)) for batch in given]


def _request(host: str, secret: str, batch: Batch) -> bytes:
    headers = {"Host": host, "Content-Length": str(len(batch.body)), **batch.headers(secret)}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {PATH} HTTP/1.1\r\n{lines}\r\n".encode() + batch.body


async def send_all(origin_url: str, given: Sequence[Prepared], *, at_once: int = 16, rate: float = 0) -> Posted:
    """Send each until it is acknowledged, on `at_once` connections; `rate` is clicks a second, 0 as fast as it goes.

    Raises AssertionError for an answer that is neither 202 nor 503, and TimeoutError when the signatures are used up.
    """
    taken: list[float] = []
    waiting = iter(given)
    began = time.perf_counter()
    async with asyncio.timeout(REPLAY_WINDOW_SECONDS - 10):
        due = _due(given, began, rate)
        await asyncio.gather(*(_send_some(origin_url, waiting, due, taken) for _ in range(at_once)))
    return Posted(sum(each.clicks for each in given), time.perf_counter() - began, taken)


def _due(given: Sequence[Prepared], began: float, rate: float) -> Iterator[float]:
    """When each is to be sent."""
    clicks = 0
    for each in given:
        clicks += each.clicks
        yield began + clicks / rate if rate else began


async def _send_some(origin_url: str, waiting: Iterator[Prepared], due: Iterator[float], taken: list[float]) -> None:
    parts = urlsplit(origin_url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        for each in waiting:
            if (pause := next(due) - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            taken.append(await _send(reader, writer, each.request))
    finally:
        writer.close()


async def _send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> float:
    """Seconds of the call that was acknowledged."""
    while True:
        began = time.perf_counter()
        writer.write(request)
        status = await _status(reader)
        if status == ACCEPTED:
            return time.perf_counter() - began
        assert status == _TURNED_AWAY, status
        await asyncio.sleep(_PAUSE)


async def _status(reader: asyncio.StreamReader) -> int:
    """Of one answer, read to its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]))
    return int(head.split(b" ", 2)[1])
