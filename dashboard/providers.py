"""Which providers of OpenID Connect the log-in offers: asked of origin now and then, not for each visitor."""

import time
from collections.abc import Callable

from dashboard.errors import OriginError
from dashboard.origin_client import OriginClient
from dashboard.origin_types import Provider

_KEPT_SECONDS = 60.0


class Providers:
    def __init__(self, client: OriginClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._found: list[Provider] = []
        self._until = -1.0

    async def known(self) -> list[Provider]:
        """The providers; those that were known before where origin can't be asked: the log-in shows either way."""
        if self._clock() >= self._until:
            try:
                self._found = await self._client.providers()
            except OriginError:
                return self._found
            self._until = self._clock() + _KEPT_SECONDS
        return self._found
