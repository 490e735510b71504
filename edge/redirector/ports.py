"""What the redirector asks of the runtime that it lives in; runtime.py answers on Workers, testing.py in the tests."""

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

# Of some requests: of each the values of VISITOR_HEADERS as a JSON list, null for those it has not, and of each an object with
# the CF_FIELDS that are known, or null. A member a line, indented by its depth, as in `json.dumps([values], indent=1)`.
Facts: TypeAlias = tuple[Sequence[str], Sequence[str]]

# Opaque here: only the runtime looks inside.
Request = Any
Response = Any
Context = Any

# The headers that a visit keeps, in this order: the address first, because it is what repeats least.
VISITOR_HEADERS = (
    "cf-connecting-ip",
    "user-agent",
    "referer",
    "accept-language",
    "sec-purpose",
    "purpose",
    "x-purpose",
    "x-moz",
    "dnt",
    "sec-gpc",
)
# The properties of `request.cf` that a click keeps.
CF_FIELDS = (
    "country",
    "regionCode",
    "city",
    "continent",
    "latitude",
    "longitude",
    "timezone",
    "asn",
    "asOrganization",
)


class Unreachable(Exception):
    """A service behind the edge did not answer, or not in time."""


class Resting(Unreachable):
    """A service was not even asked, since it failed a moment ago."""


class Refused(Unreachable):
    """A service answered that it will never take this."""


class Unreadable(Exception):
    """What should be read is not there in a form that can be."""


class Unsendable(ValueError):
    """This destination cannot stand in a Location header."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a service behind the edge answered."""

    status: int
    signature: str | None
    text: str


class Runtime(Protocol):
    """The calls that differ between CPython, the embedded and the current workerd."""

    def now(self) -> float:
        """Unix seconds. On Workers it stands still between two I/O operations."""

    def random_name(self) -> str:
        """Twelve hex digits that no other isolate has."""

    def url(self, request: Request) -> str:
        """In full, as it was sent."""

    def method(self, request: Request) -> str:
        """In capitals."""

    def facts(self, requests: Sequence[Request]) -> Facts:
        """What else is kept of each request, also of one that was answered before; raises Unreadable."""

    def header(self, request: Request, name: str) -> str | None:
        """One header of a request."""

    async def body(self, request: Request) -> bytes:
        """The body of a request."""

    def redirect(self, status: int, url: str, headers: dict[str, str], cookies: Sequence[str] = ()) -> Response:
        """A reply whose Location is the UTF-8 of `url`, to be sent any number of times; raises Unsendable."""

    def reply(self, status: int, headers: dict[str, str], body: str, cookies: Sequence[str] = ()) -> Response:
        """A reply to be sent once."""

    def with_header(self, response: Response, name: str, value: str) -> Response:
        """The same reply with one header more; the given one is as it was, and not to be sent if it has a body."""

    def utc_offset(self, zone: str, at: float) -> int | None:
        """Seconds that clocks of an IANA time zone are ahead of UTC at a unix time; None for an unknown zone."""

    async def pbkdf2(self, password: str, salt: bytes, iterations: int, length: int) -> bytes:
        """PBKDF2 with SHA-256."""

    async def decrypt(self, key: bytes, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        """AES-256-GCM; raises Unreadable."""

    async def may_miss(self, address: str) -> bool:
        """What the platform's own rate limit says of an address that asks for unknown codes; True where there is none."""

    async def pass_on(self, url: str, headers: dict[str, str], seconds: float) -> Response:
        """The answer of a service as the reply, its type kept; raises Unreachable where it is not 200."""

    async def kv_get(self, key: str, seconds: float, *, soon: bool = False) -> str | None:
        """A value of the LINKS namespace, waited for `seconds` at most; raises Unreachable.

        A copy of it may be up to 60 seconds old; with `soon` only as old as the runtime's KV at the least allows.
        """

    async def kv_get_bytes(self, key: str, seconds: float) -> bytes | None:
        """The same of a long value, as its UTF-8."""

    async def hmac_sha256(self, key: bytes, text: bytes) -> bytes:
        """The digest of a long text, by something faster than Python's own."""

    async def fetch(self, method: str, url: str, headers: dict[str, str], body: bytes | None, seconds: float) -> Reply:
        """Call a service and wait `seconds` at most; raises Unreachable."""

    async def queue_send(self, message: bytes) -> None:
        """Hand a message to the CLICKS queue; raises Unreachable."""

    async def sleep(self, seconds: float) -> None:
        """Wait, within the request that asks."""

    def defer(self, context: Context, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` after the reply was sent (`ctx.waitUntil`)."""
