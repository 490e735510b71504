"""The records of domains, kept in the same memory as those of links."""

from redirector.domain import Domain
from redirector.known import KnownLink, Missing
from redirector.links import Links
from redirector.ports import Runtime
from shared.kv_record import kv_key


class Domains:
    """Looks them up by name."""

    def __init__(self, runtime: Runtime, links: Links) -> None:
        self._runtime = runtime
        self._links = links

    async def get(self, name: str, now: float) -> Domain:
        """The domain; one without a record where KV has none or does not answer."""
        key = kv_key(name, "")
        found: KnownLink | Missing | None = self._links.usable(key, now)
        if found is None:
            found = await self._links.learn(key)
        return Domain(self._runtime, found if isinstance(found, KnownLink) else None)
