"""The requests of workers/load.lua, for the generator in Python: links by Zipf's law, visitors of several kinds."""

import itertools
import random
from collections.abc import Iterator
from typing import TypeAlias

Traffic: TypeAlias = Iterator[bytes]
LINKS = 100
_REQUESTS = 2_000
_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
)
_LANGUAGES = ("en-US,en;q=0.9", "de-DE,de;q=0.9,en;q=0.8", "fr-FR,fr;q=0.9", "ja")


def traffic() -> Traffic:
    """Requests as they go over the wire, for ever, the same ones each time."""
    draw = random.Random(20241106)
    weights = [1 / rank for rank in range(1, LINKS + 1)]
    made = [
        f"GET /{link} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {draw.choice(_AGENTS)}\r\n"
        f"Accept-Language: {draw.choice(_LANGUAGES)}\r\nCF-Connecting-IP: 192.0.2.{draw.randrange(250)}\r\n\r\n".encode()
        for link in draw.choices(range(LINKS), weights, k=_REQUESTS)
    ]
    return itertools.cycle(made)
