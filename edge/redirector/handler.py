"""A request from its arrival to its reply. What memory knows is answered without a coroutine: that is what makes it fast."""

from collections.abc import Coroutine

from redirector import domain, respond
from redirector.address import Address, Hosts, address_of
from redirector.answers import Answers
from redirector.asked import Answer, Asked, read_request
from redirector.beacon import Beacon
from redirector.buffer import READ_AT
from redirector.counters import Counters
from redirector.domains import Domains
from redirector.internal import PATHS, Internal
from redirector.known import KnownLink, Missing
from redirector.links import Links
from redirector.origin import Origin
from redirector.paths import Paths
from redirector.ports import Context, Request, Response, Runtime
from redirector.settings import EdgeSettings
from shared.errors import BadDomain
from shared.request_id import HEADER as REQUEST_ID

_READING = ("GET", "HEAD")
_METHODS = ("GET", "HEAD", "POST")  # a form with a password is posted
_MINUTE = 60


class Edge:
    """One isolate's redirector."""

    def __init__(self, runtime: Runtime, settings: EdgeSettings) -> None:
        counters = Counters()
        self._runtime = runtime
        self._settings = settings
        self._hosts = Hosts(settings.default_domain)
        self.origin = Origin(runtime, settings.origin_url, settings.edge_secret, settings.origin_timeout_seconds)
        self._links = Links(runtime, self.origin, settings, counters)
        self._paths = Paths(runtime, self._links, self.origin, counters)
        self._domains = Domains(runtime, self._links)
        self._beacon = Beacon(runtime, self.origin, settings, counters, self._follow)
        self._internal = Internal(runtime, settings, self.origin, self._links, self._beacon, counters)
        self._answers = Answers(runtime, settings, self.origin, self._beacon, self._domains)
        # Looked up once: the hit path pays for every dot.
        self._now = runtime.now
        self._url_of = runtime.url
        self._method_of = runtime.method
        self._domain_of = self._hosts.get
        self._known = self._links.known
        self._unread = self._beacon.unread

    def fetch(self, request: Request, context: Context) -> Answer:
        """The reply at once where a simple link is known and fresh, else a coroutine that finds it."""
        url, method, now = self._url_of(request), self._method_of(request), self._now()
        place = url.split("/", 3)
        path = place[-1]
        if "?" in path:
            path = path[: path.index("?")]
        link = self._known.get(f"{self._domain_of(place[2])}/{path}")
        if link is None or link.response is None or now >= link.fresh_until or method not in _READING:
            return self._slow(read_request(self._runtime, self.origin.names, request, context, now))
        self._known.move_to_end(link.key)
        # Beacon.recorded, a call less.
        self._unread.append((now, link.fragment, method, url, request))
        if now < self._beacon.armed_until and len(self._unread) < READ_AT:
            return link.response
        return self._beacon.see_to(now, link.response, context)

    def _slow(self, asked: Asked) -> Answer:
        """The rest: other methods, our own paths, escaped codes, conditions, stale and unknown links."""
        if asked.path in PATHS:
            return self._internal.answer(asked.request, asked.method, asked.url)
        if asked.method not in _METHODS:
            return respond.method_not_allowed(self._runtime)
        if asked.path in domain.PATHS:
            return self._domain_answer(asked)
        address = address_of(self._hosts, asked.host, asked.path)
        return respond.not_found(self._runtime, asked.reference) if address is None else self._find(asked, address)

    async def _domain_answer(self, asked: Asked) -> Response:
        try:
            name = self._hosts.domain(asked.host)
        except BadDomain:
            return respond.not_found(self._runtime, asked.reference)
        if asked.method not in _READING:
            return respond.method_not_allowed(self._runtime)
        return (await self._domains.get(name, asked.now)).answer(asked.path)

    def _find(self, asked: Asked, address: Address) -> Answer:
        if address.rest or address.shorter:
            decided = self._paths.held(address, asked.now)
            if decided is None or (decided[0].rest and self._case_matters(asked, address, decided[1])):
                return self._look_up_path(asked, address)
            return self._decided(asked, *decided)
        found = self._links.usable(address.key, asked.now)
        if found is None or (isinstance(found, Missing) and found.reason == ""):
            return self._look_up(asked, address)
        return self._decided(asked, address, found)

    def _case_matters(self, asked: Asked, address: Address, found: KnownLink | Missing) -> bool:
        """Whether a path may lead elsewhere in lower case, so that its domain has to be asked what case means."""
        lowered = address.lowered()
        if lowered == address:
            return False
        decided = self._paths.held(lowered, asked.now)
        return decided is None or decided[1] is not found

    def _decided(self, asked: Asked, address: Address, found: KnownLink | Missing) -> Answer:
        """What memory knows, and a refresh of it where it is stale."""
        if isinstance(found, KnownLink) and self._links.claim_refresh(found, asked.now):
            self._runtime.defer(asked.context, self._refresh(found.key))
        return self._answer(asked, address, found)

    async def _look_up(self, asked: Asked, address: Address) -> Response:
        """The way of a code that is not in memory, or was missing a moment ago."""
        lowered = address.code.lower()
        if lowered != address.code and (await self._domains.get(address.domain, asked.now)).ignores_case:
            address = address._replace(code=lowered)
        found = self._links.usable(address.key, asked.now) or await self._links.learn(address.key, asked)
        return await self._with_id(asked, self._answer(asked, address, found))

    async def _with_id(self, asked: Asked, answer: Answer) -> Response:
        """The reply, with the request's id where origin was asked under it."""
        reply = await answer if isinstance(answer, Coroutine) else answer
        return self._runtime.with_header(reply, REQUEST_ID, asked.reference) if asked.told_origin else reply

    async def _look_up_path(self, asked: Asked, address: Address) -> Response:
        """The same for a path of several segments, which several links may answer."""
        lowered = address.lowered()
        if lowered != address and (await self._domains.get(address.domain, asked.now)).ignores_case:
            address = lowered
        decided = self._paths.held(address, asked.now) or await self._paths.learn(address, asked)
        return await self._with_id(asked, self._decided(asked, *decided))

    def _follow(self, context: Context) -> None:
        """Read the change feed, or the packs, in a request that works on after its reply."""
        if self._links.wants_feed(self._beacon.visits):
            self._runtime.defer(context, self._links.follow())
        if self._links.wants_packs():
            self._runtime.defer(context, self._links.preload())

    async def _refresh(self, key: str) -> None:
        await self._links.refresh(key)

    def _answer(self, asked: Asked, address: Address, found: KnownLink | Missing) -> Answer:
        if isinstance(found, KnownLink) and (not address.rest or found.behaviour.prefix):
            return self._lead_on(asked, address, found)
        if isinstance(found, KnownLink) or found.reason == "":
            return self._no_such_link(asked, address)
        if found.reason == "limited":
            text = "Too many addresses that don't exist were tried from here. Wait a minute."
            return respond.too_many(self._runtime, _MINUTE, text, asked.reference)
        seconds = max(1, int(self._settings.unavailable_seconds))
        return respond.unavailable(self._runtime, seconds, asked.reference)

    def _lead_on(self, asked: Asked, address: Address, link: KnownLink) -> Answer:
        if link.response is None or address.view or asked.method == "POST":
            return self._answers.reply(asked, address, link)
        return self._beacon.recorded(asked.visit(link.fragment), link.response, asked.context)

    async def _no_such_link(self, asked: Asked, address: Address) -> Response:
        if asked.method == "POST":
            return respond.method_not_allowed(self._runtime)
        return (await self._domains.get(address.domain, asked.now)).not_found(asked.reference)
