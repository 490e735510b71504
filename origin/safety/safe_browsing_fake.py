"""A Safe Browsing of one's own, as far as origin uses it, errors included: for tests and for machines without a key.

`python -m origin.safety.safe_browsing_fake PORT URL...` serves it on this machine, with these URLs listed as phishing.
"""

import base64
import binascii
import sys
from hashlib import sha256

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from origin.safety.web_address import read

KEY = "a key of the fake"
_PREFIX_BYTES = 4
_MOST_PREFIXES = 1000


class FakeSafeBrowsing:
    """Answers GET /v5/hashes:search. `fail_with` is a status to answer instead."""

    def __init__(self) -> None:
        self.calls = 0
        self.prefixes_asked: list[bytes] = []
        self.fail_with: int | None = None
        self.garbage = False
        self.cache_seconds = 300
        self._listed: dict[bytes, list[dict[str, object]]] = {}
        self.app = Starlette(routes=[Route("/v5/hashes:search", self._search)])

    def list(self, expression: str, threat: str = "SOCIAL_ENGINEERING", *attributes: str) -> None:
        """List an address as Google would: by the host and the path of `expression`, exactly."""
        address = read(expression if "://" in expression else f"http://{expression}")
        assert address is not None, expression
        full = sha256((address.host + address.paths()[0]).encode()).digest()
        self._listed.setdefault(full, []).append({"threatType": threat, "attributes": [*attributes]})

    async def _search(self, request: Request) -> Response:
        self.calls += 1
        if self.fail_with is not None:
            return _error(self.fail_with, "UNAVAILABLE")
        if self.garbage:
            return Response(b"<html>not what was asked for")
        if KEY not in {request.headers.get("X-Goog-Api-Key"), request.query_params.get("key")}:
            return _error(400, "API key not valid. Please pass a valid API key.")
        try:
            prefixes = [base64.b64decode(each, validate=True) for each in request.query_params.getlist("hashPrefixes")]
        except binascii.Error:
            return _error(400, "Invalid value at 'hash_prefixes' (TYPE_BYTES)")
        if not 0 < len(prefixes) <= _MOST_PREFIXES or any(len(each) != _PREFIX_BYTES for each in prefixes):
            return _error(400, "hash prefixes have four bytes, and there are 1 to 1000 of them")
        self.prefixes_asked += prefixes
        found = [
            {"fullHash": base64.b64encode(full).decode(), "fullHashDetails": details}
            for full, details in self._listed.items()
            if full[:_PREFIX_BYTES] in prefixes
        ]
        duration = {"cacheDuration": f"{self.cache_seconds}s"}
        return JSONResponse({"fullHashes": found, **duration} if found else duration)  # empty lists are left out


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": {"code": status, "message": message}}, status)


def main(arguments: list[str]) -> None:
    """Serve until Ctrl-C."""
    fake = FakeSafeBrowsing()
    for url in arguments[1:]:
        fake.list(url)
    uvicorn.run(fake.app, host="127.0.0.1", port=int(arguments[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
