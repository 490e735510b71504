"""A request from its arrival to its reply. What memory knows is answered without a coroutine: that is what makes it fast."""

import json
from collections.abc import Coroutine
from typing import NamedTuple

from redirector import respond
from redirector.address import Hosts, key_of, split_url
from redirector.beacon import Beacon
from redirector.clicks import MAX_FACTS, shorten
from redirector.counters import Counters
from redirector.internal import PATHS, Internal
from redirector.known import KnownLink, Missing
from redirector.links import Links
from redirector.origin import Origin
from redirector.ports import Context, Request, Response, Runtime, Unsendable
from redirector.resolve import Gone, decide
from redirector.settings import EdgeSettings

Answer = Response | Coroutine[None, None, Response]


_READING = ("GET", "HEAD")


class Asked(NamedTuple):
    """One request, read properly."""

    request: Request
    context: Context
    url: str
    method: str
    facts: str  # Runtime.facts


class Edge:
    """One isolate's redirector."""

    def __init__(self, runtime: Runtime, settings: EdgeSettings) -> None:
        counters = Counters()
        self._runtime = runtime
        self._settings = settings
        self._hosts = Hosts(settings.default_domain)
        self.origin = Origin(runtime, settings.origin_url, settings.edge_secret, settings.origin_timeout_seconds)
        self._links = Links(runtime, self.origin, settings, counters)
        self._beacon = Beacon(runtime, self.origin, settings, counters)
        self._internal = Internal(runtime, settings, self.origin, self._links, self._beacon, counters)
        # Looked up once: the hit path pays for every dot.
        self._facts = runtime.facts
        self._now = runtime.now
        self._domain_of = self._hosts.get
        self._known = self._links.known
        self._record = self._beacon.record

    def fetch(self, request: Request, context: Context) -> Answer:
        """The reply at once where a simple link is known and fresh, else a coroutine that finds it."""
        facts = self._facts(request)
        # Between the quotes of {"method":"GET","url":"...",...}. A URL with quotes of its own is cut at the first, which is
        # in its query, or in what no code may contain.
        parts = facts.split('"', 8)
        place = parts[7].partition("?")[0].split("/", 3)
        now = self._now()
        link = self._known.get(f"{self._domain_of(place[2])}/{place[-1]}")
        if (
            link is None
            or link.response is None
            or now >= link.fresh_until
            or parts[3] not in _READING
            or len(facts) > MAX_FACTS
        ):
            return self._slow(request, context, facts)
        self._known.move_to_end(link.key)
        delay = self._record((now, link.fragment, facts), now)
        return link.response if delay is None else self._hand_over(link.response, delay, context)

    def _slow(self, request: Request, context: Context, facts: str) -> Answer:
        """The rest: other methods, our own paths, escaped codes, conditions, stale and unknown links."""
        seen = json.loads(facts)
        asked = Asked(request, context, seen["url"], seen["method"], facts)
        host, path, _ = split_url(asked.url)
        if path in PATHS:
            return self._internal.answer(request, asked.method, asked.url)
        if asked.method not in _READING:
            return respond.method_not_allowed(self._runtime)
        key = key_of(self._hosts, host, path)
        return respond.not_found(self._runtime) if key is None else self._find(asked, key)

    def _find(self, asked: Asked, key: str) -> Answer:
        now = self._now()
        found = self._links.usable(key, now)
        if found is None:
            return self._learn_and_answer(asked, key)
        if isinstance(found, KnownLink) and self._links.claim_refresh(found, now):
            self._runtime.defer(asked.context, self._refresh(key))
        return self._answer(asked, found)

    async def _learn_and_answer(self, asked: Asked, key: str) -> Response:
        reply = self._answer(asked, await self._links.learn(key))
        return await reply if isinstance(reply, Coroutine) else reply

    async def _refresh(self, key: str) -> None:
        await self._links.refresh(key)

    def _answer(self, asked: Asked, found: KnownLink | Missing) -> Answer:
        if isinstance(found, KnownLink):
            return self._lead_on(asked, found)
        if found.unavailable:
            return respond.unavailable(self._runtime, retry_after=max(1, int(self._settings.unavailable_seconds)))
        return respond.not_found(self._runtime)

    def _lead_on(self, asked: Asked, link: KnownLink) -> Answer:
        """Where the link leads this visitor, and the visit's place in the buffer."""
        now = self._now()
        answer = decide(link.record, now)
        if isinstance(answer, Gone):
            return respond.gone(self._runtime, answer.reason)
        try:
            response = link.response or self._runtime.redirect(answer.status, answer.url)
        except Unsendable:
            return respond.gone(self._runtime, "broken")
        if not answer.counts:
            return response
        facts = asked.facts if len(asked.facts) <= MAX_FACTS else shorten(asked.facts)
        delay = self._record((now, link.click_fragment(answer.url), facts), now)
        return response if delay is None else self._hand_over(response, delay, asked.context)

    def _hand_over(self, response: Response, delay: float, context: Context) -> Answer:
        """This request was chosen to send the buffer: after its reply, or before it while the isolate is ending."""
        if self._beacon.draining:
            return self._drain_and_reply(response)
        self._runtime.defer(context, self._beacon.flush(delay))
        return response

    async def _drain_and_reply(self, response: Response) -> Response:
        await self._beacon.drain()
        return response
