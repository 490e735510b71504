"""Origin as the edge calls it: every call signed, every answer about a link checked."""

from urllib.parse import quote

from redirector.breaker import Breaker
from redirector.ports import Refused, Reply, Response, Resting, Runtime, Unreachable
from redirector.request_names import RequestNames
from shared import signing
from shared.errors import BadSignature
from shared.request_id import HEADER as REQUEST_ID

_OK = 200
_ACCEPTED = 202
_NOT_FOUND = 404
_GONE = 410
_CLAIM_TRIES = 2
_NEVER = (400, 413, 422)


class Origin:
    """The internal calls; `request_id` is that of the visitor's request for which one is made."""

    def __init__(self, runtime: Runtime, url: str, secret: str, timeout_seconds: float) -> None:
        self._runtime = runtime
        self._url = url.rstrip("/")
        self._secret = secret
        self._timeout = timeout_seconds
        self.names = RequestNames(runtime)
        # Of clicks alone, which have the queue: who waits for a link is not helped by being told to wait.
        self._breaker = Breaker(int(self.names.isolate, 16) / 16 ** len(self.names.isolate))

    async def find_link(self, domain: str, code: str, request_id: str = "") -> str | None:
        """The link's KV value, None where origin says that there is none; raises Unreachable."""
        path = f"/internal/links?domain={quote(domain, safe='')}&code={quote(code, safe='')}"
        found, text = await self._find(path, request_id)
        return text if found else None

    async def find_path(self, domain: str, path: str, request_id: str = "") -> tuple[bool, str, str]:
        """Whether a link leads on from a path, and its code and KV value; raises Unreachable.

        Where none does, the code is the first of the path's leading ones that has no other code below it, if there is one.
        """
        found, text = await self._find(
            f"/internal/links?domain={quote(domain, safe='')}&path={quote(path, safe='')}", request_id
        )
        code, _, value = text.partition("\n")
        return found, code, value

    async def _find(self, path: str, request_id: str) -> tuple[bool, str]:
        headers = self._headers("GET", path, request_id)
        reply = await self._runtime.fetch("GET", self._url + path, headers, None, self._timeout)
        if reply.status not in (_OK, _NOT_FOUND):
            raise Unreachable(f"origin answered {reply.status}")
        self._check(reply, path)
        return reply.status == _OK, reply.text

    async def claim(self, domain: str, code: str, claim: str, request_id: str) -> bool:
        """Whether the one-time link is opened by this claim; raises Unreachable."""
        path = f"/internal/claims?domain={quote(domain, safe='')}&code={quote(code, safe='')}&claim={claim}"
        reply: Reply | None = None
        for _ in range(_CLAIM_TRIES):  # the same claim: where the first answer was lost, the second is the same
            headers = self._headers("POST", path, request_id)
            try:
                reply = await self._runtime.fetch("POST", self._url + path, headers, b"", self._timeout)
                break
            except Unreachable:
                continue
        if reply is None or reply.status not in (_OK, _NOT_FOUND, _GONE):
            raise Unreachable("origin did not answer to a claim")
        self._check(reply, path)
        return reply.status == _OK

    async def qr_png(self, url: str, size: int, request_id: str) -> Response:
        """The image of a QR code as a reply; raises Unreachable."""
        path = f"/api/v1/qr?url={quote(url, safe='')}&format=png&size={size}"
        return await self._runtime.pass_on(self._url + path, {REQUEST_ID: request_id}, self._timeout)

    async def post_clicks(self, body: bytes, timeout_seconds: float | None = None) -> None:
        """Hand over a batch (shared.click_event); returns once origin has it on disk, else raises Unreachable.

        Raises Resting, without a call, while origin is given a rest after a failure; raises Refused where it never will.
        """
        number = self._breaker.begin(self._runtime.now())
        if number is None:
            raise Resting("origin is given a rest")
        worked = False
        try:
            await self._post_clicks(body, timeout_seconds or self._timeout)
            worked = True
        except Refused:
            worked = True  # it is this batch that is wrong
            raise
        finally:
            self._breaker.end(number, self._runtime.now(), worked=worked)

    async def _post_clicks(self, data: bytes, seconds: float) -> None:
        path, timestamp = "/internal/clicks", int(self._runtime.now())
        text = signing.signed_text(timestamp, "POST", path, data)
        digest = await self._runtime.hmac_sha256(self._secret.encode(), text)
        headers = self._with_id(signing.header_value(timestamp, digest.hex())) | {"Content-Type": "application/json"}
        reply = await self._runtime.fetch("POST", self._url + path, headers, data, seconds)
        if reply.status in _NEVER:
            raise Refused(f"origin refused a batch of clicks with {reply.status}")
        if reply.status != _ACCEPTED:
            raise Unreachable(f"origin answered {reply.status} to a batch of clicks")

    def _check(self, reply: Reply, path: str) -> None:
        try:
            signing.verify(self._secret, reply.signature, "RESPONSE", path, reply.text.encode(), self._runtime.now())
        except BadSignature as error:  # whoever answered is not origin
            raise Unreachable("the answer was not signed by origin") from error

    def _headers(self, method: str, path: str, request_id: str) -> dict[str, str]:
        """Of a call without a body."""
        return self._with_id(signing.sign(self._secret, method, path, b"", self._runtime.now()), request_id)

    def _with_id(self, signature: str, request_id: str = "") -> dict[str, str]:
        """The signature, and the id under which origin's log has the call."""
        return {signing.HEADER: signature, REQUEST_ID: request_id or self.names.new()}
