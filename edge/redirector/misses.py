"""How many unknown codes an address may ask for."""

from redirector.counters import Counters
from redirector.limits import Limit
from redirector.ports import Runtime
from redirector.settings import EdgeSettings

# An address that asks for this many times as many unknown codes as it may is not even answered from KV.
_FLOOD = 10


class Misses:
    """The isolate's own count, and beside it the platform's."""

    def __init__(self, runtime: Runtime, settings: EdgeSettings, counters: Counters) -> None:
        self._runtime = runtime
        self._per_minute = settings.misses_per_minute
        self._counters = counters
        self._limit = Limit(settings.misses_per_minute)

    def count(self, address: str, times: int = 1) -> None:
        """Count what was asked for from an address and is not there."""
        for _ in range(times):
            self._limit.count(address, self._runtime.now())

    def flood(self, address: str) -> bool:
        """Whether so much was asked for from an address that KV is not read for it any more."""
        floods = self._limit.counted(address, self._runtime.now()) >= _FLOOD * self._per_minute
        self._counters.misses_refused += floods
        return floods

    async def allow(self, address: str) -> bool:
        """Whether origin may be asked on account of an address. A refusal counts as a miss."""
        few = self._limit.counted(address, self._runtime.now()) < self._per_minute
        if few and (not address or await self._runtime.may_miss(address)):
            return True
        self._counters.misses_refused += 1
        self.count(address)
        return False
