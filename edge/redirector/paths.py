"""Paths of several segments: the code of all of them decides, else the link of the most of them that carries the rest on.

A link that carries paths on names the codes below it in its record, so most paths are decided by that one link's record.
Where there is no such link, what origin says of one path is remembered for all that lie below the same code.
"""

from redirector.address import Address
from redirector.asked import Asked
from redirector.counters import Counters
from redirector.known import KnownLink, Missing
from redirector.links import Links
from redirector.origin import Origin
from redirector.ports import Runtime, Unreachable
from shared.kv_record import kv_key

_WAIT_STEP_SECONDS = 0.02
_LONGEST_WAIT_SECONDS = 2.0
_MOST_ASKED = 10_000

# Which address counts, and what is known of it.
Decided = tuple[Address, KnownLink | Missing]


def _path_key(address: Address) -> str:
    """Where it is remembered that nothing leads on from a path but what may be held. No link's key has a question mark."""
    return f"{kv_key(address.domain, address.path)}?"


def _below_key(domain: str, code: str) -> str:
    """The same of all paths below a code. Not the key of a path whose rest is no code's: that says nothing of other paths."""
    return f"{kv_key(domain, code)}/??"


class Paths:
    """Decides them by memory, else by KV, else by origin."""

    def __init__(self, runtime: Runtime, links: Links, origin: Origin, counters: Counters) -> None:
        self._runtime = runtime
        self._links = links
        self._misses = links.misses
        self._origin = origin
        self._counters = counters
        self._asked: dict[str, float] = {}  # keys that a request is asking for right now, and since when

    def held(self, address: Address, now: float) -> Decided | None:
        """What memory says; None where somebody has to be asked."""
        usable = self._links.usable
        nothing = usable(_path_key(address), now)
        unsure: list[str] = []
        for each in address.each():
            found = usable(each.key, now)
            if isinstance(found, KnownLink):
                if not each.rest:
                    return each, found
                if found.behaviour.prefix:
                    begins = len(each.code) + 1
                    asks = any(found.behaviour.may_have_below(code[begins:]) for code in unsure)
                    return None if asks and nothing is None else (each, found)
            elif each.rest or found is None or found.reason:
                unsure.append(each.code)
            if nothing is None and each.rest:
                nothing = usable(_below_key(each.domain, each.code), now)
        if nothing is None and unsure:
            return None
        return address, nothing or Missing(0.0)

    async def learn(self, address: Address, asked: Asked) -> Decided:
        """Ask for a path, on account of a visitor's request. Requests for one path at one time cause one question."""
        if self._misses.flood(asked.address):
            return address, Missing(0.0, "limited")
        key = _path_key(address)
        while self._is_asked(key):
            await self._runtime.sleep(_WAIT_STEP_SECONDS)
            decided = self.held(address, self._runtime.now())
            if decided is not None:
                return decided
        self._ask_for(key)
        try:
            if any(self._links.memory.version(each.key) is not None for each in address.each()):
                await self._links.catch_up()
            return await self._read(address, asked)
        finally:
            self._asked.pop(key, None)

    async def _read(self, address: Address, asked: Asked) -> Decided:
        reads = 0
        for each in _in_order(address):
            decided = self.held(address, self._runtime.now())
            if decided is not None:
                return decided
            reads += await self._read_one(each)
        return self.held(address, self._runtime.now()) or await self._ask_origin(address, asked, reads)

    async def _read_one(self, address: Address) -> bool:
        """Whether KV was read for a code, and had nothing; nobody else reads it at the same time."""
        key = address.key
        while self._is_asked(key):
            await self._runtime.sleep(_WAIT_STEP_SECONDS)
        if isinstance(self._links.usable(key, self._runtime.now()), KnownLink):
            return False
        self._ask_for(key)
        try:
            return await self._links.from_kv(key) is None
        finally:
            self._asked.pop(key, None)

    async def _ask_origin(self, address: Address, asked: Asked, reads: int) -> Decided:
        """Ask for the whole path; what is not there counts as often as it was read, so that long paths are not cheaper."""
        known = self._links.memory.version(address.key) is not None
        if not known and not await self._misses.allow(asked.address):
            return address, Missing(0.0, "limited")
        self._counters.origin_reads += 1
        asked.told_origin = True
        try:
            found, code, value = await self._origin.find_path(address.domain, address.path, asked.reference)
        except Unreachable:
            self._counters.origin_failures += 1
            return self._kept(address) or (address, self._links.nothing(_path_key(address), "unavailable"))
        self._forget(address, code if found else "")
        if found:
            for each in address.each():
                link = await self._links.from_origin(each.key, value) if each.code == code else None
                if link is not None and (not each.rest or link.behaviour.prefix):
                    if each is not address:
                        self._links.nothing(_path_key(address))
                    return each, link
        self._misses.count(asked.address, max(1, reads))
        bare = not found and any(each.rest and each.code == code for each in address.each())
        return address, self._links.nothing(_below_key(address.domain, code) if bare else _path_key(address))

    def _forget(self, address: Address, code: str) -> None:
        """Let go of what is held of longer codes than the one that leads on, or it would be followed while nobody answers."""
        now = self._runtime.now()
        for each in address.each():
            if each.code == code:
                return
            link = self._links.memory.get(each.key)
            if link is None or self._links.usable(each.key, now) is link:  # came while origin was asked
                continue
            if not each.rest or link.behaviour.prefix:
                self._links.memory.drop(each.key)

    def _kept(self, address: Address) -> Decided | None:
        """Nobody answers: a link that was known stays known, however old."""
        for each in address.each():
            link = self._links.kept(each.key)
            if link is not None and (not each.rest or link.behaviour.prefix):
                return each, link
        return None

    def _is_asked(self, key: str) -> bool:
        return self._runtime.now() - self._asked.get(key, -_LONGEST_WAIT_SECONDS) < _LONGEST_WAIT_SECONDS

    def _ask_for(self, key: str) -> None:
        if len(self._asked) >= _MOST_ASKED:
            self._asked.clear()  # left by requests that were cancelled
        self._asked[key] = self._runtime.now()


def _in_order(address: Address) -> list[Address]:
    """The code of all segments, then that of the first one, whose link may know of all the others, then those between."""
    longest, *shorter = address.each()
    if longest.rest:
        shorter.insert(0, longest)
    return [*([] if longest.rest else [longest]), *shorter[-1:], *shorter[:-1]]
