"""Visits to short links, and what each answered: plain HTTP over a few open connections, so that thousands take seconds."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

_VISITORS = 24
_TIMEOUT_SECONDS = 30.0
# A click is counted for people's browsers; what says it is a program is a bot.
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
_LOCATION = re.compile(rb"\r\nlocation: *([^\r]*)", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


async def visit_all(links: Sequence[str], seen: Callable[[], None]) -> Counter[tuple[str, int, bytes]]:
    """Open every address in order of the list, many at a time; counts `(address, status, Location as sent)`.

    All are on one host. Raises an ExceptionGroup of OSError or TimeoutError when it doesn't answer.
    """
    answers: Counter[tuple[str, int, bytes]] = Counter()
    waiting = iter(links)

    async def visitor() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(links[0]).port)
        try:
            for link in waiting:
                async with asyncio.timeout(_TIMEOUT_SECONDS):
                    status, location = await _visit(reader, writer, link)
                answers[link, status, location] += 1
                seen()
        finally:
            writer.close()
            await writer.wait_closed()

    if links:
        async with asyncio.TaskGroup() as visitors:
            for _ in range(_VISITORS):
                visitors.create_task(visitor())
    return answers


async def _visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: str) -> tuple[int, bytes]:
    parts = urlsplit(link)
    request = (
        f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: {_BROWSER}\r\nAccept: text/html\r\n\r\n"
    )
    writer.write(request.encode("ascii"))
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    await reader.readexactly(int(length[1]) if length else 0)
    location = _LOCATION.search(head)
    return int(head.split(b" ", 2)[1]), location[1] if location else b""
