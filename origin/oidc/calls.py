"""Calls to providers: short, small and without redirects, so that a provider in trouble is no trouble of ours."""

import asyncio
import ssl
from typing import Any

import httpx
import msgspec

from origin.problems import Unavailable

SECONDS = 10.0
LARGEST_ANSWER = 256 * 1024
_TIMEOUT = httpx.Timeout(5.0, connect=3.0)
_SERVER_ERROR = 500


class ProviderDown(Unavailable):
    """The provider does not answer, or not as it should: try again in a moment, or log in otherwise."""

    def __init__(self, reason: str) -> None:
        super().__init__(str(type(self).__doc__), retry_after=5)
        self.reason = reason  # for the log


class Calls:
    """Asks for JSON. `transport` stands in for the network."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport
        self._tls = ssl.create_default_context()  # which takes a while to make

    async def ask(self, method: str, url: str, **options: Any) -> tuple[int, bytes]:
        """An answer's status and JSON; raises ProviderDown."""
        try:
            async with asyncio.timeout(SECONDS):
                return await self._ask(method, url, options)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            raise ProviderDown(f"{type(error).__name__} at {url}") from error

    async def _ask(self, method: str, url: str, options: dict[str, Any]) -> tuple[int, bytes]:
        headers = {"Accept": "application/json", **options.pop("headers", {})}
        async with (
            httpx.AsyncClient(transport=self._transport, timeout=_TIMEOUT, verify=self._tls) as client,
            client.stream(method, url, headers=headers, **options) as answer,
        ):
            body = b""
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    raise ProviderDown(f"more than {LARGEST_ANSWER} bytes at {url}")
            if answer.status_code >= _SERVER_ERROR:
                raise ProviderDown(f"status {answer.status_code} at {url}")
            return answer.status_code, body


def decode(body: bytes, kind: Any, url: str) -> Any:
    """JSON as a type; raises ProviderDown for anything else."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProviderDown(f"no such JSON at {url}") from error
