"""A load generator for machines without wrk: a few keep-alive connections in one asyncio loop. Slower than what it measures."""

import asyncio
import time

from bench.edge_traffic import Traffic


async def load(port: int, seconds: float, connections: int, traffic: Traffic) -> dict[str, float]:
    """Redirects a second, p50 and p99 in milliseconds; raises AssertionError for an answer that is no redirect."""
    latencies: list[float] = []
    end = time.monotonic() + seconds
    await asyncio.gather(*(_visitor(port, end, latencies, traffic) for _ in range(connections)))
    latencies.sort()
    return {
        "redirects_per_second": round(len(latencies) / seconds),
        "p50_ms": round(latencies[len(latencies) // 2] * 1000, 3),
        "p99_ms": round(latencies[int(len(latencies) * 0.99)] * 1000, 3),
    }


async def _visitor(port: int, end: float, latencies: list[float], traffic: Traffic) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while time.monotonic() < end:
            began = time.perf_counter()
            writer.write(next(traffic))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 302"), head
            latencies.append(time.perf_counter() - began)
    finally:
        writer.close()
