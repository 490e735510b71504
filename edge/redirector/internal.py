"""What the edge answers on paths of its own: health for everybody, the rest for whoever holds the edge's secret."""

from redirector import respond
from redirector.address import split_url
from redirector.beacon import Beacon
from redirector.counters import Counters, prometheus
from redirector.links import Links
from redirector.origin import Origin
from redirector.ports import Refused, Request, Response, Runtime, Unreachable
from redirector.settings import EdgeSettings
from shared import signing
from shared.errors import BadSignature

# Never a link's key: no code begins with `readyz`.
_PROBE_KEY = "localhost/readyz/probe"
PATHS = frozenset({"healthz", "readyz", "metrics", "_nearhop/stats", "_nearhop/flush", "_nearhop/deliver"})


class Internal:
    """One method a path."""

    def __init__(
        self,
        runtime: Runtime,
        settings: EdgeSettings,
        origin: Origin,
        links: Links,
        beacon: Beacon,
        counters: Counters,
    ) -> None:
        self._runtime = runtime
        self._settings = settings
        self._origin = origin
        self._links = links
        self._beacon = beacon
        self._counters = counters

    async def answer(self, request: Request, method: str, url: str) -> Response:
        """The reply to a request for one of PATHS."""
        _, path, _ = split_url(url)
        if path.startswith("_nearhop/"):
            return await self._signed(request, method, url, path)
        if method not in ("GET", "HEAD"):
            return respond.method_not_allowed(self._runtime)
        if path == "healthz":
            return respond.as_json(self._runtime, 200, {"status": "ok"})
        if path == "readyz":
            return await self._ready()
        return await self._metrics(request, method, url)

    async def _signed(self, request: Request, method: str, url: str, path: str) -> Response:
        body = await self._runtime.body(request)
        if not await self._is_signed(request, method, url, body):
            return respond.plain(self._runtime, 401, "Sign this call with the edge's secret.\n")
        if method == "GET" and path == "_nearhop/stats":
            return respond.as_json(self._runtime, 200, self._stats())
        if method == "POST" and path == "_nearhop/flush":
            await self._beacon.drain()
            return respond.as_json(self._runtime, 200, self._stats())
        if method == "POST" and path == "_nearhop/deliver":
            return await self._deliver(body)
        return respond.not_found(self._runtime)

    async def _deliver(self, batch: bytes) -> Response:
        """What a queue consumer does on Cloudflare; locally the runner owns the queue and calls here."""
        try:
            await self._origin.post_clicks(batch)
        except Refused as error:
            return respond.plain(self._runtime, 422, f"{error}\n")
        except Unreachable as error:
            return respond.plain(self._runtime, 503, f"{error}\n")
        return respond.plain(self._runtime, 202, "origin has it\n")

    async def _ready(self) -> Response:
        """KV is the one part that redirects need; whether origin answers shows in the metrics."""
        try:
            await self._runtime.kv_get(_PROBE_KEY, self._settings.kv_timeout_seconds)
        except Unreachable as error:
            parts = {"kv": {"ok": False, "detail": str(error)}}
            return respond.as_json(self._runtime, 503, {"status": "not ready", "parts": parts})
        parts = {"kv": {"ok": True, "detail": "answers"}}
        return respond.as_json(self._runtime, 200, {"status": "ready", "parts": parts})

    async def _metrics(self, request: Request, method: str, url: str) -> Response:
        if self._settings.open_metrics != "yes" and not await self._is_signed(request, method, url, b""):
            return respond.not_found(self._runtime)
        return respond.plain(self._runtime, 200, prometheus(self._counters.as_dict(), self._gauges()))

    async def _is_signed(self, request: Request, method: str, url: str, body: bytes) -> bool:
        """Reckoned by the runtime, since a queued batch takes Python two milliseconds."""
        _, path, query = split_url(url)
        called = f"/{path}?{query}" if query else f"/{path}"
        header = self._runtime.header(request, signing.HEADER)
        try:
            text = signing.signed_text(signing.given_time(header), method, called, body)
            digest = await self._runtime.hmac_sha256(self._settings.edge_secret.encode(), text)
            signing.check(header, digest.hex(), self._runtime.now())
        except BadSignature:
            return False
        return True

    def _stats(self) -> dict[str, object]:
        return {"isolate": self._beacon.isolate, **self._counters.as_dict(), **self._gauges()}

    def _gauges(self) -> dict[str, int]:
        memory = self._links.memory
        held = {"cache_entries": len(memory), "cache_hot_entries": len(memory.hot), "cache_bytes": memory.bytes}
        held |= {"packs": len(memory.packs), "packs_bytes": memory.packs.bytes, "links_unpacked": memory.unpacked}
        return {**held, "feed_alive": int(self._links.feed.alive_until > self._runtime.now()), **self._beacon.gauges()}
