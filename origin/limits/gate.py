"""Who a request counts for, and the headers that tell its caller how they stand."""

import hashlib
import math
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TypeVar

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from origin.accounts.access import Caller, identify
from origin.accounts.throttle import network_of
from origin.limits.lease import HOUR, MINUTE, Limit, Standing
from origin.limits.limiter import Limiter
from origin.limits.rules import Rules
from origin.middleware import extra_headers
from origin.problems import TooManyRequests, Unauthorized

_MOST_TOKENS = 10_000
_TIMES = {MINUTE: "a minute", HOUR: "an hour"}
T = TypeVar("T")


@dataclass(slots=True)
class Gate:
    """Counts each request once: for its API key, else for the person, else for the address that it comes from."""

    limiter: Limiter
    rules: Rules
    # Tokens that were refused lately: such a request is refused again without a look into the database.
    _refused: OrderedDict[bytes, tuple[Limit, str]] = field(default_factory=OrderedDict)
    # Tokens that were good lately: an address that has used its requests up is closed to all others without a look either.
    _good: OrderedDict[bytes, None] = field(default_factory=OrderedDict)

    async def admit(self, request: Request) -> Standing | None:
        """How the caller stands, the request counted; None where no limit applies."""
        token = request.headers.get("Authorization", "").encode()
        digest = hashlib.blake2b(token, digest_size=16).digest()
        if digest in self._refused and (standing := self.limiter.refusal(*self._refused[digest])):
            return standing
        if not token:
            return await self.admit_address(request)
        if digest not in self._good and (standing := self._closed(request)):
            return standing
        limit, name = await self._bucket(request, digest)
        if limit is None:
            return None
        standing = await self.limiter.take(limit, name)
        if not standing.allowed:
            _remember(self._refused, digest, (limit, name))
        return standing

    async def admit_address(self, request: Request) -> Standing | None:
        """How the caller's address stands, the request counted for it; None where no limit applies."""
        limit, name = self._of_address(request)
        return None if limit is None else await self.limiter.take(limit, name)

    def _closed(self, request: Request) -> Standing | None:
        limit, name = self._of_address(request)
        return None if limit is None else self.limiter.refusal(limit, name)

    async def _bucket(self, request: Request, digest: bytes) -> tuple[Limit | None, str]:
        try:
            caller: Caller = await identify(request)
        except Unauthorized:  # answered by the operation, which may be one for anyone
            self._good.pop(digest, None)
            return self._of_address(request)
        _remember(self._good, digest, None)
        if caller.api_key_id is not None:
            return self.rules.of_key(caller.plan), str(caller.api_key_id)
        return self.rules.people, str(caller.user_id)

    def _of_address(self, request: Request) -> tuple[Limit | None, str]:
        network = network_of(request)
        return (None, "") if network is None else (self.rules.addresses, network)


class RateLimited:
    """ASGI middleware of the API: refuses what goes beyond a limit, before anything is done."""

    def __init__(self, app: ASGIApp, *, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            standing = await self._gate.admit(Request(scope))
            if standing is not None:
                extra_headers(scope).update(headers_of(standing))
                refuse(standing)
        await self._app(scope, receive, send)


async def count(request: Request, limit: Limit) -> None:
    """Count a request of the caller's network against one more limit, that of one operation; raises TooManyRequests."""
    limiter: Limiter | None = request.app.state.limiter
    network = network_of(request)
    if limiter is not None and network is not None:
        refuse(await limiter.take(limit, network))


def refuse(standing: Standing) -> None:
    """Raise TooManyRequests where the caller has to wait."""
    if not standing.allowed:
        seconds = max(1, math.ceil(standing.retry))
        limit = standing.limit
        text = f"More than {limit.most} requests {_TIMES[limit.seconds]}: wait {seconds} s. Retry-After says how long, too."
        raise TooManyRequests(text, headers={"Retry-After": str(seconds)})


def headers_of(standing: Standing) -> dict[str, str]:
    """X-RateLimit-Limit a minute, -Remaining now, and -Reset: when all of them are there again, in seconds of Unix time."""
    return {
        "X-RateLimit-Limit": str(standing.limit.most),
        "X-RateLimit-Remaining": str(standing.remaining),
        "X-RateLimit-Reset": str(math.ceil(time.time() + standing.reset)),
    }


def _remember(tokens: OrderedDict[bytes, T], digest: bytes, what: T) -> None:
    tokens[digest] = what
    tokens.move_to_end(digest)
    if len(tokens) > _MOST_TOKENS:
        tokens.popitem(last=False)
