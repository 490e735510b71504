"""The fake KV API behind a real socket, so that timeouts, broken connections and other processes meet it as the real one."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from http import HTTPStatus

from kvsync.kv_fake import Answer, FakeKv

_NO_LINGER = struct.pack("ii", 1, 0)  # closing sends a reset


@contextlib.asynccontextmanager
async def serving(fake: FakeKv) -> AsyncIterator[str]:
    """Serve on a free port of this machine; yields the base URL for NEARHOP_CLOUDFLARE_API_URL."""
    connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "streams run their callback as a task"
        connections.add(task)
        try:
            await _serve(fake, reader, writer)
        finally:
            connections.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/client/v4"
    finally:
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await server.wait_closed()


async def _serve(fake: FakeKv, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            start, *lines = head.decode("latin-1").rstrip().split("\r\n")
            method, target, _ = start.split(" ")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            answer = await fake.handle(method, target, headers, body)
            if answer.reset:
                connection: socket.socket = writer.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                writer.transport.abort()
                return
            writer.write(_wire(answer))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        return  # the client went away
    finally:
        writer.close()


def _wire(answer: Answer) -> bytes:
    headers = {**answer.headers, "content-length": str(len(answer.body))}
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + answer.body
