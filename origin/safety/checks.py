"""Whether destinations are known to be harmful: the operator's blocklist, then Safe Browsing.

Outside services are asked before a transaction is begun, by `look_up`; inside of it `judge` goes by what is known then. What
only a change inside brings up (such as a former version) is looked at by the recheck.
"""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import msgspec
from prometheus_client import Counter

from origin.links.model import Reason, Source
from origin.problems import Unprocessable
from origin.safety import web_address
from origin.safety.blocklist import Blocklist
from origin.safety.safe_browsing import SafeBrowsing
from origin.storage.tables import Row

REFUSED = Counter(
    "nearhop_destinations_refused_total", "Links refused for where they lead, by who says so.", ["source"]
)
BLOCKLIST: Source = "blocklist"
SAFE_BROWSING: Source = "safe_browsing"


class Verdict(NamedTuple):
    """Why a destination is refused: who lists it, and as what."""

    source: Source
    reason: Reason


class Safety:
    """Both lists."""

    def __init__(self, blocklist: Blocklist, safe_browsing: SafeBrowsing) -> None:
        self._blocklist = blocklist
        self._safe_browsing = safe_browsing

    async def has_lists(self) -> bool:
        """Whether there is anything to compare destinations with."""
        await self._blocklist.refresh()
        return self._blocklist.in_use or self._safe_browsing.enabled

    async def look_up(self, urls: Iterable[str]) -> bool:
        """Learn what `judge` needs for these URLs; False where Safe Browsing failed, and lets them through."""
        await self._blocklist.refresh()
        if not self._safe_browsing.enabled:
            return True
        read = [address for url in set(urls) if (address := web_address.read(url)) is not None]
        return await self._safe_browsing.look_up(read)

    async def look_up_in(self, bodies: Iterable[msgspec.Struct | Exception]) -> None:
        """The same for all URLs in what was sent."""
        await self.look_up([url for body in bodies if isinstance(body, msgspec.Struct) for url in urls_in(body)])

    def judge(self, url: str) -> Verdict | None:
        """What is known against a URL."""
        address = web_address.read(url)
        if address is None:
            return None
        if self._blocklist.has(address):
            return Verdict(BLOCKLIST, "abuse")
        threat = self._safe_browsing.threat(address)
        return None if threat is None else Verdict(SAFE_BROWSING, threat)

    def consulted(self, source: Source, urls: Iterable[str]) -> bool:
        """Whether a list was really there to be asked about these URLs. To be called after `judge`: answers grow old."""
        if source == BLOCKLIST:
            return self._blocklist.is_current
        read = (web_address.read(url) for url in urls)
        return source == SAFE_BROWSING and all(self._safe_browsing.knows(each) for each in read if each is not None)

    def refusal(self, named: Collection[tuple[str, str]]) -> Unprocessable | None:
        """Why a link may not lead to these URLs, each with the name of its field."""
        for field, url in named:
            verdict = self.judge(url)
            if verdict is not None:
                REFUSED.labels(verdict.source).inc()
                return Unprocessable(f"{field}: {_WORDS[verdict.reason]} Choose another destination.")
        return None


_WORDS = {
    "abuse": "links to this address are not allowed on this installation.",
    "phishing": "this address is listed as one that imitates others to get passwords or money.",
    "malware": "this address is listed as one that spreads harmful programs.",
}


def urls_in(body: msgspec.Struct) -> list[str]:
    """Every text in a body that may be a web address."""
    found: list[str] = []
    _collect(msgspec.to_builtins(body), found)
    return found


def urls_of(row: Row) -> list[str]:
    """Everywhere that a link leads."""
    found: list[str] = []
    for name in ("url", "expired_url", "ios", "android", "geo", "test_variants", "redirect"):
        _collect(getattr(row, name), found)
    return found


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, str):
        if value[:7].lower() == "http://" or value[:8].lower() == "https://":
            found.append(value)
    elif isinstance(value, dict):
        for each in value.values():
            _collect(each, found)
    elif isinstance(value, list):
        for each in value:
            _collect(each, found)


def no_checks() -> Safety:
    """A Safety that knows nothing, for installations and tests without any list."""
    return Safety(Blocklist(None), SafeBrowsing("", ""))
