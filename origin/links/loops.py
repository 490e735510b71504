"""Which destinations are short links of this very installation: those lead in a circle, or hide where they end."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncConnection

from origin.domains import service as domains
from origin.links import refusals
from origin.links.destinations import Destination, PrivateDestination

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Loops:
    """The default domain is compared with its port, since on a laptop it is `localhost`; any other by name alone."""

    edge_url: str
    default_domain: str

    async def among(self, connection: AsyncConnection, destinations: list[Destination]) -> set[Destination]:
        """Those of the destinations that lead back here."""
        own = await domains.known(connection, {each.host for each in destinations}) - {self.default_domain}
        return {each for each in destinations if each.host in own or self._is_default_domain(each)}

    @contextlib.contextmanager
    def said_first(self) -> Iterator[None]:
        """Say that a destination leads back here rather than that it is private, which on a laptop it is as well."""
        try:
            yield
        except PrivateDestination as refused:
            if self._is_default_domain(refused.destination):
                raise refusals.loop(refused.field, refused.destination.host) from refused
            raise

    def _is_default_domain(self, destination: Destination) -> bool:
        edge = urlsplit(self.edge_url)
        port = edge.port or _PORTS.get(edge.scheme, 443)
        return destination.host in {edge.hostname, self.default_domain} and destination.port == port
