"""Origin as the edge calls it: every call signed, every answer about a link checked."""

from urllib.parse import quote

from redirector.ports import Runtime, Unreachable
from shared import signing
from shared.errors import BadSignature

_OK = 200
_ACCEPTED = 202
_NOT_FOUND = 404


class Origin:
    """The two internal calls."""

    def __init__(self, runtime: Runtime, url: str, secret: str, timeout_seconds: float) -> None:
        self._runtime = runtime
        self._url = url.rstrip("/")
        self._secret = secret
        self._timeout = timeout_seconds

    async def find_link(self, domain: str, code: str) -> str | None:
        """The link's KV value, None where origin says that there is none; raises Unreachable."""
        path = f"/internal/links?domain={quote(domain, safe='')}&code={quote(code, safe='')}"
        headers = {signing.HEADER: self._sign("GET", path, b"")}
        reply = await self._runtime.fetch("GET", self._url + path, headers, None, self._timeout)
        if reply.status not in (_OK, _NOT_FOUND):
            raise Unreachable(f"origin answered {reply.status}")
        try:
            signing.verify(self._secret, reply.signature, "RESPONSE", path, reply.text.encode(), self._runtime.now())
        except BadSignature as error:  # whoever answered is not origin
            raise Unreachable("the answer was not signed by origin") from error
        return reply.text if reply.status == _OK else None

    async def post_clicks(self, body: str, timeout_seconds: float | None = None) -> None:
        """Hand over a batch (shared.click_event); returns once origin has it on disk, else raises Unreachable."""
        path = "/internal/clicks"
        headers = {
            signing.HEADER: self._sign("POST", path, body.encode()),
            "Content-Type": "application/json",
        }
        seconds = timeout_seconds or self._timeout
        reply = await self._runtime.fetch("POST", self._url + path, headers, body, seconds)
        if reply.status != _ACCEPTED:
            raise Unreachable(f"origin answered {reply.status} to a batch of clicks")

    def _sign(self, method: str, path: str, body: bytes) -> str:
        return signing.sign(self._secret, method, path, body, self._runtime.now())
