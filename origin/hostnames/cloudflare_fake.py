"""A stand-in for Cloudflare's API of custom hostnames: one zone in memory, with its checks and its ways to fail.

Known to differ: nothing validates a hostname by itself, `activate` does; error codes are Cloudflare's where it documents them.
"""

import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_NOT_YET = ["custom hostname does not CNAME to this zone."]


@dataclass(slots=True)
class FakeZone:
    """The zone. Tests read `hostnames` and `calls`, push statuses to `faults`, and call `activate`."""

    zone_id: str = "zone"
    token: str = "fake"  # noqa: S105  # no secret: nothing real takes it
    quota: int = 100
    hostnames: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    faults: deque[int] = field(default_factory=deque)

    def app(self) -> Starlette:
        """The API below /client/v4."""
        path = "/client/v4/zones/{zone}/custom_hostnames"
        return Starlette(
            routes=[
                Route(path, self._collection, methods=["GET", "POST"]),
                Route(path + "/{id}", self._one, methods=["GET", "PATCH", "DELETE"]),
            ]
        )

    def activate(self, slug: str) -> None:
        """As when the CNAME was seen and the certificate issued."""
        found = self.named(slug)
        found.update(status="active", verification_errors=[])
        found["ssl"]["status"] = "active"

    def block(self, slug: str) -> None:
        """As when Cloudflare refuses to serve a name."""
        self.named(slug)["status"] = "blocked"

    def named(self, slug: str) -> dict[str, Any]:
        """The hostname of this name."""
        return next(each for each in self.hostnames.values() if each["hostname"] == slug)

    async def _collection(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        if request.method == "GET":
            part = request.query_params.get("hostname", "")
            return _ok([each for each in self.hostnames.values() if part in each["hostname"]])
        body = await request.json()
        slug = body["hostname"]
        if any(each["hostname"] == slug for each in self.hostnames.values()):
            return _failure(409, 1406, "Duplicate custom hostname found.")
        if len(self.hostnames) >= self.quota:
            return _failure(400, 1405, "Custom hostname quota has been reached.")
        made = {
            "id": secrets.token_hex(16),
            "hostname": slug,
            "status": "pending",
            "verification_errors": list(_NOT_YET),
            "ssl": {**body["ssl"], "id": secrets.token_hex(16), "status": "pending_validation"},
        }
        self.hostnames[made["id"]] = made
        return _ok(made, 201)

    async def _one(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        found = self.hostnames.get(request.path_params["id"])
        if found is None:
            return _failure(404, 1436, "The custom hostname was not found.")
        if request.method == "DELETE":
            del self.hostnames[found["id"]]
            return JSONResponse({"id": found["id"]})
        if request.method == "PATCH" and found["ssl"]["status"] != "active":
            found["ssl"]["status"] = "pending_validation"
        return _ok(found)

    def _refused(self, request: Request) -> Response | None:
        self.calls.append((request.method, request.url.path))
        if self.faults:
            return _failure(self.faults.popleft(), 10000, "Something went wrong.")
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return _failure(403, 10000, "Authentication error")
        if request.path_params["zone"] != self.zone_id:
            return _failure(404, 7003, "Could not route to that zone.")
        return None


def _ok(result: Any, status: int = 200) -> Response:
    return JSONResponse({"success": True, "errors": [], "messages": [], "result": result}, status)


def _failure(status: int, code: int, message: str) -> Response:
    errors = [{"code": code, "message": message}]
    return JSONResponse({"success": False, "errors": errors, "messages": [], "result": None}, status)
