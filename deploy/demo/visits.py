"""Visits to short links, and what each answered."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

import httpx

_VISITORS = 24
_TIMEOUT_SECONDS = 30.0
# A click is counted for people's browsers; what says it is a program is a bot.
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


async def visit_all(links: Sequence[str], seen: Callable[[], None]) -> Counter[tuple[str, int, bytes]]:
    """Open every address in order of the list, many at a time; counts `(address, status, Location as sent)`."""
    answers: Counter[tuple[str, int, bytes]] = Counter()
    waiting = iter(links)

    async def visitor(client: httpx.AsyncClient) -> None:
        for link in waiting:
            answer = await client.get(link)
            answers[link, answer.status_code, location_bytes(answer)] += 1
            seen()

    limits = httpx.Limits(max_connections=_VISITORS, max_keepalive_connections=_VISITORS)
    headers = {"User-Agent": _BROWSER, "Accept": "text/html"}
    async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, limits=limits, headers=headers) as client:
        await asyncio.gather(*(visitor(client) for _ in range(_VISITORS)))
    return answers


def location_bytes(answer: httpx.Response) -> bytes:
    """The header as it came over the wire; empty where there is none."""
    return next((value for name, value in answer.headers.raw if name.lower() == b"location"), b"")
