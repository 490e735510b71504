"""Reading what a user's URL leads to, without reaching into private networks.

The address is checked where the connection is made, after DNS, so no name can be one address when it is checked and another
when it is used; each redirect is looked at in the same way.
"""

import socket
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import urljoin

import anyio
import httpcore
import httpx

from origin.links import destinations
from origin.problems import Unprocessable

_SECONDS = 8.0
_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200
_HEADERS = [("User-Agent", "Nearhop"), ("Accept", "*/*"), ("Accept-Encoding", "identity"), ("Connection", "close")]


class Unfetchable(Exception):
    """A URL that can't be read; the text says why, for whoever gave it."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was found: its media type, lower case and without parameters, and its bytes."""

    kind: str
    content: bytes


class Outbound:
    """Reads URLs. `allow_private` lets it reach this machine and its networks, as links may then lead there too."""

    def __init__(self, *, allow_private: bool = False, seconds: float = _SECONDS) -> None:
        self._allow_private = allow_private
        self._seconds = seconds

    async def get(self, url: str, *, kinds: Collection[str], most_bytes: int) -> Fetched:
        """A document of one of these media types; raises Unfetchable."""
        backend = _PublicOnly(allow_private=self._allow_private)
        try:
            with anyio.fail_after(self._seconds):
                async with httpcore.AsyncConnectionPool(network_backend=backend, max_connections=1) as pool:
                    return await self._follow(pool, url, kinds, most_bytes)
        except TimeoutError as error:
            raise Unfetchable(f"{url} did not answer within {self._seconds:g} seconds") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            raise Unfetchable(f"{url} can't be reached") from error

    async def _follow(
        self, pool: httpcore.AsyncConnectionPool, url: str, kinds: Collection[str], most_bytes: int
    ) -> Fetched:
        for _ in range(_MOST_REDIRECTS + 1):
            try:
                destinations.check(url, allow_private=self._allow_private)
                url = str(httpx.URL(url))  # what is not ASCII is encoded, as browsers do
            except Unprocessable as refused:
                raise Unfetchable(refused.message.removeprefix("url: ").removesuffix(".")) from refused
            except httpx.InvalidURL as error:
                raise Unfetchable(f"{url} is no valid address") from error
            async with pool.stream("GET", url, headers=_HEADERS) as response:
                headers = {name.lower(): value.decode("latin-1") for name, value in response.headers}
                if response.status not in _REDIRECTS:
                    return await _read(url, response, headers, kinds, most_bytes)
                url = urljoin(url, headers.get(b"location", ""))
        raise Unfetchable(f"{url} redirects too often")


async def _read(
    url: str, response: httpcore.Response, headers: dict[bytes, str], kinds: Collection[str], most_bytes: int
) -> Fetched:
    if response.status != _OK:
        raise Unfetchable(f"{url} answers with status {response.status}")
    kind = headers.get(b"content-type", "").partition(";")[0].strip().lower()
    if kind not in kinds:
        raise Unfetchable(f"{url} is {kind or 'of no type'}, and not one of {', '.join(sorted(kinds))}")
    content = bytearray()
    async for part in response.aiter_stream():
        content += part
        if len(content) > most_bytes:
            raise Unfetchable(f"{url} has more than {most_bytes} bytes")
    return Fetched(kind, bytes(content))


class _PublicOnly(httpcore.AsyncNetworkBackend):
    """Connects to addresses of the public internet alone. TLS is still checked against the name."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(each[4][0]) for each in found]
        if not self._allow_private and any(destinations.is_private(each) for each in addresses):
            raise Unfetchable(f"{host} is not reachable from the public internet")
        return await self._inner.connect_tcp(addresses[0], port, timeout, local_address, socket_options)
