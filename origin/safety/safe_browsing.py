"""Google Safe Browsing, version 5: asked by the first four bytes of hashes, so that Google does not learn the URLs.

It fails open. A lookup that fails is counted, and for half a minute nobody is kept waiting for another.
"""

import base64
import binascii
import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

import httpx
import msgspec
import structlog
from prometheus_client import Counter

from origin.links.model import Reason
from origin.safety.web_address import WebAddress

LOOKUPS = Counter("nearhop_safe_browsing_lookups_total", "Calls of Safe Browsing, by outcome.", ["outcome"])
SKIPPED = Counter(
    "nearhop_safe_browsing_unchecked_total", "Addresses let through unchecked, since Safe Browsing failed."
)

TIMEOUT_SECONDS = 2.0
_PREFIX_BYTES = 4
_MOST_PREFIXES = 500  # of the 1000 that a call may have: a URL's length is bounded too
_REST_SECONDS = 30.0
_LONGEST_SECONDS = 86_400.0
_SHORTEST_SECONDS = 60.0
_MOST_CACHED = 100_000
_MOST_ANSWER_BYTES = 4_000_000
# What visitors' browsers are to be warned of. Others, and those marked as tests, are let through.
THREATS: dict[str, Reason] = {
    "MALWARE": "malware",
    "SOCIAL_ENGINEERING": "phishing",
    "UNWANTED_SOFTWARE": "malware",
    "POTENTIALLY_HARMFUL_APPLICATION": "malware",
}
_HARMLESS = frozenset({"CANARY", "FRAME_ONLY"})
_log = structlog.get_logger("origin.safety")


class _Detail(msgspec.Struct, rename="camel"):
    threat_type: str = ""
    attributes: list[str] = []


class _FullHash(msgspec.Struct, rename="camel"):
    full_hash: str
    full_hash_details: list[_Detail] = []


class _Answer(msgspec.Struct, rename="camel"):
    full_hashes: list[_FullHash] = []
    cache_duration: str = "300s"


class _Known(NamedTuple):
    """What Google said of a prefix: its full hashes and the threat of each, good until a moment of the monotonic clock."""

    until: float
    threats: dict[bytes, Reason]


class SafeBrowsing:
    """Without a key nothing is asked and nothing is known."""

    def __init__(self, base_url: str, key: str, client: httpx.AsyncClient | None = None) -> None:
        self._url = f"{base_url.rstrip('/')}/v5/hashes:search"
        self._key = key
        self._client = client
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._rests_until = 0.0

    @property
    def enabled(self) -> bool:
        """Whether there is a key to ask with."""
        return bool(self._key)

    async def look_up(self, addresses: Iterable[WebAddress]) -> bool:
        """Ask for what is not known yet; False where that failed, so that addresses are let through unchecked."""
        if not self._key:
            return True
        asked = list(addresses)
        prefixes = {each[:_PREFIX_BYTES] for one in asked for each in one.hashes()}
        wanted = sorted(each for each in prefixes if not self._is_fresh(each))
        if wanted and time.monotonic() < self._rests_until:
            SKIPPED.inc(len(asked))
            return False
        for start in range(0, len(wanted), _MOST_PREFIXES):
            if not await self._ask(wanted[start : start + _MOST_PREFIXES]):
                SKIPPED.inc(len(asked))
                return False
        return True

    def threat(self, address: WebAddress) -> Reason | None:
        """What is known of an address that was looked up: `malware`, `phishing` or nothing."""
        now = time.monotonic()
        for full in address.hashes():
            known = self._known.get(full[:_PREFIX_BYTES])
            if known is not None and known.until > now and full in known.threats:
                return known.threats[full]
        return None

    def knows(self, address: WebAddress) -> bool:
        """Whether what Google said of an address is still good, so that no threat means that it has none."""
        return self.enabled and all(self._is_fresh(full[:_PREFIX_BYTES]) for full in address.hashes())

    def _is_fresh(self, prefix: bytes) -> bool:
        known = self._known.get(prefix)
        return known is not None and known.until > time.monotonic()

    async def _ask(self, prefixes: list[bytes]) -> bool:
        try:
            answer = await self._fetch(prefixes)
            self._keep(prefixes, answer)
        except httpx.TimeoutException:
            outcome = "timeout"
        except httpx.HTTPStatusError as error:
            outcome = "limited" if error.response.status_code == httpx.codes.TOO_MANY_REQUESTS else "refused"
        except httpx.HTTPError:
            outcome = "unreachable"
        except (msgspec.DecodeError, binascii.Error, ValueError):
            outcome = "unreadable"
        else:
            LOOKUPS.labels("answered").inc()
            return True
        LOOKUPS.labels(outcome).inc()
        _log.warning(
            "Safe Browsing failed: destinations are not checked by it", outcome=outcome
        )  # no URL: it has the key
        self._rests_until = time.monotonic() + _REST_SECONDS
        return False

    async def _fetch(self, prefixes: list[bytes]) -> _Answer:
        if self._client is None:  # made here: its connections belong to the loop that runs
            self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS)
        query = [("hashPrefixes", base64.b64encode(each).decode()) for each in prefixes]
        headers = {"X-Goog-Api-Key": self._key}
        response = await self._client.get(self._url, params=[*query, ("alt", "json")], headers=headers)
        response.raise_for_status()
        if len(response.content) > _MOST_ANSWER_BYTES:
            raise ValueError("the answer is too long")
        return msgspec.json.decode(response.content, type=_Answer)

    def _keep(self, prefixes: list[bytes], answer: _Answer) -> None:
        seconds = min(_LONGEST_SECONDS, max(_SHORTEST_SECONDS, float(answer.cache_duration.removesuffix("s"))))
        until = time.monotonic() + seconds
        for prefix in prefixes:
            self._known[prefix] = _Known(until, {})
            self._known.move_to_end(prefix)
        for each in answer.full_hashes:
            full = base64.b64decode(each.full_hash)
            threats = [THREATS[d.threat_type] for d in each.full_hash_details if _counts(d)]
            if threats and (known := self._known.get(full[:_PREFIX_BYTES])) is not None:
                known.threats[full] = threats[0]
        while len(self._known) > _MOST_CACHED:
            self._known.popitem(last=False)


def _counts(detail: _Detail) -> bool:
    return detail.threat_type in THREATS and _HARMLESS.isdisjoint(detail.attributes)
