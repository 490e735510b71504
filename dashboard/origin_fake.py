"""An origin in memory that answers the dashboard's calls as the real one does, errors included: `FakeOrigin().app`."""

import base64
import itertools
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard.origin_fake_accounts import EMAIL, PASSWORD, AccountRoutes, FakeAccounts, Problem
from dashboard.origin_fake_clicks import FakeClicks
from dashboard.origin_fake_events import Click
from dashboard.origin_fake_links import NOTHING, FakeTags, checked
from dashboard.origin_fake_security import FakeSecurity, SecurityRoutes
from dashboard.origin_fake_teams import FakeTeams, TeamRoutes

__all__ = ["EMAIL", "PASSWORD", "Click", "FakeOrigin"]
SHORT_BASE = "http://localhost:8787"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
DRAWING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4">'
    b'<path d="M0 0h2v2H0zm2 2h2v2H2zm1-2h1v1H3zM0 3h1v1H0z"/></svg>'
)
_CODES = {400: "bad_request", 401: "unauthorized", 404: "not_found", 409: "conflict", 422: "unprocessable_entity"}
_CODES |= {403: "forbidden", 410: "invite_expired", 412: "precondition_failed", 429: "rate_limit_exceeded"}


@dataclass
class FakeOrigin:
    """Set `down` for 503s, `token_seconds` for short access tokens, `has_mailbox` for a local one; read the counts.

    `visitors` are the addresses that calls were forwarded for, `request_ids` what they were named.
    """

    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    security: FakeSecurity = field(init=False)
    teams: FakeTeams = field(default_factory=FakeTeams)
    links: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: FakeTags = field(init=False)
    analytics: FakeClicks = field(init=False)
    access: set[str] = field(default_factory=set)
    refresh: dict[str, str] = field(default_factory=dict)  # token: whose, as long as it is good
    calls: list[str] = field(default_factory=list)
    visitors: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)  # the browsers of those
    request_ids: list[str] = field(default_factory=list)
    has_mailbox: bool = False
    down: bool = False
    tired: set[int] = field(default_factory=set)  # those lists of links, by their number, are over the rate limit
    token_seconds: int = 900
    refreshes: int = 0
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.security = FakeSecurity(self.accounts)
        self.tags = FakeTags(self._allow)
        self.analytics = FakeClicks(self._allow, self.links)

    @property
    def app(self) -> Starlette:
        api = "/api/v1"
        routes = [
            Route("/healthz", self._health),
            Route("/local/mailbox", self._mailbox),
            *AccountRoutes(self.accounts, self._note, self._tokens).routes(),
            *SecurityRoutes(self.security, self._note, self._allow, self._tokens).routes(),
            *TeamRoutes(self.teams, self.accounts, self._note, self._allow, self._tokens).routes(),
            Route(f"{api}/auth/refresh", self._renew, methods=["POST"]),
            Route(f"{api}/auth/logout", self._log_out, methods=["POST"]),
            Route(f"{api}/links", self._links, methods=["GET", "POST"]),
            Route(f"{api}/links/count", self._count),
            Route(f"{api}/links/info", self._info),
            Route(f"{api}/links/{{id}}", self._link, methods=["PATCH", "DELETE"]),
            *self.tags.routes(),
            *self.analytics.routes(),
            Route(f"{api}/qr", self._qr),
            Route(f"{api}/api-keys", self._keys, methods=["GET", "POST"]),
            Route(f"{api}/api-keys/{{id}}", self._key, methods=["DELETE"]),
        ]
        return Starlette(routes=routes, exception_handlers={Problem: _on_problem})

    def add_link(self, url: str, key: str = "", **fields: Any) -> dict[str, Any]:
        """A link as the API shows it; raises Problem as the API refuses one."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Problem(422, "url: Enter a complete address that begins with http:// or https://.")
        key = key or f"c{next(self.numbers):05}"
        if " " in key:
            raise Problem(422, "key: it may not contain ' ': use letters, digits, '-', '_' or emoji.")
        if any(link["key"] == key for link in self.links.values()):
            raise Problem(409, f"key: {key} is taken on localhost: choose another one.")
        now = datetime.now(UTC).isoformat()
        link: dict[str, Any] = {
            "id": f"link_{next(self.numbers)}",
            "domain": "localhost",
            "key": key,
            "url": url,
        }
        link |= {"shortLink": f"{SHORT_BASE}/{key}", "createdAt": now, "updatedAt": now, **NOTHING, "revision": 1}
        link |= {"clicks": 0, "lastClicked": None, "edge": {"state": "pending"}, **self.tags.chosen(checked(fields))}
        self.links[link["id"]] = link
        return link

    def click(self, link: dict[str, Any], count: int = 1, **fields: Any) -> None:
        """Count visits of a link, now unless `at` says otherwise."""
        at = fields.pop("at", None) or datetime.now(UTC)
        self.analytics.clicks += [Click(link["id"], at, **fields) for _ in range(count)]
        link["clicks"] += count
        link["lastClicked"] = max(link["lastClicked"] or "", at.isoformat())

    async def _health(self, request: Request) -> Response:
        del request
        return Response(status_code=503 if self.down else 200)

    async def _mailbox(self, request: Request) -> Response:
        self._note(request)
        here = request.headers.get("x-forwarded-for", "127.0.0.1") in {"127.0.0.1", "::1"}
        return Response(status_code=200 if self.has_mailbox and here else 404)

    async def _renew(self, request: Request) -> Response:
        self._note(request)
        token = request.cookies.get("nearhop_refresh", "")
        email = self.refresh.pop(token, "")
        if not email:
            self.refresh.clear()  # a token that was used before ends the family
            raise Problem(401, "Log in again.")
        self.refreshes += 1
        return self._tokens(email)

    async def _log_out(self, request: Request) -> Response:
        self._allow(request)
        self.refresh.pop(request.cookies.get("nearhop_refresh", ""), None)
        return JSONResponse({})

    async def _links(self, request: Request) -> Response:
        self._allow(request)
        if request.method == "POST":
            return JSONResponse(self.add_link(**await request.json()))
        if self.calls.count("GET /links") in self.tired:
            raise Problem(429, "Too many requests: wait for as many seconds as Retry-After says.")
        query = request.query_params
        if query["sortBy"] not in {"createdAt", "updatedAt"}:
            raise Problem(422, "sortBy: Invalid enum value.")
        found = sorted(self._found(request), key=lambda x: x[query["sortBy"]], reverse=query["sortOrder"] == "desc")
        size, first = int(query["pageSize"]), (int(query.get("page", "1")) - 1) * int(query["pageSize"])
        if after := query.get("startingAfter"):
            first = next(at for at, link in enumerate(found, 1) if link["id"] == after)
        return JSONResponse(found[first : first + size])

    async def _count(self, request: Request) -> Response:
        self._allow(request)
        return JSONResponse(len(self._found(request)))

    async def _info(self, request: Request) -> Response:
        self._allow(request)
        return _with_etag(self._one(self.links, request.query_params["linkId"]))

    async def _link(self, request: Request) -> Response:
        self._allow(request)
        link = self._one(self.links, request.path_params["id"])
        if request.headers.get("if-match", _etag(link)) != _etag(link):
            raise Problem(412, "If-Match: somebody has changed this link since you read it.")
        del self.links[link["id"]]
        if request.method == "DELETE":
            return JSONResponse({"id": link["id"]})
        try:
            changes = await request.json()
            former = {"url": link["url"], "key": link["key"], "tags": link["tags"]}
            changed = self.add_link(**{**former, **changes})
        except Problem:
            self.links[link["id"]] = link
            raise
        del self.links[changed["id"]]
        self.links[link["id"]] = link
        shown = {name: changed[name] for name in changes.keys() & changed.keys()} | {"tags": changed["tags"]}
        link.update(shown, shortLink=changed["shortLink"], updatedAt=changed["updatedAt"], edge={"state": "pending"})
        link["revision"] += 1
        return _with_etag(link)

    async def _qr(self, request: Request) -> Response:
        self._note(request)
        if request.query_params.get("format") == "svg":
            return Response(DRAWING, media_type="image/svg+xml")
        return Response(PIXEL, media_type="image/png")

    async def _keys(self, request: Request) -> Response:
        self._allow(request)
        if request.method == "GET":
            return JSONResponse([{n: v for n, v in key.items() if n != "key"} for key in self.keys.values()])
        name = (await request.json())["name"]
        if name in {key["name"] for key in self.keys.values()}:
            raise Problem(409, "name: There is a key of this name already.")
        secret, key_id = f"nh_{secrets.token_urlsafe(24)}", f"key_{next(self.numbers)}"
        now = datetime.now(UTC).isoformat()
        self.keys[key_id] = {
            "id": key_id,
            "name": name,
            "hint": secret[:7],
            "createdAt": now,
            "lastUsedAt": None,
            "key": secret,
        }
        return JSONResponse(self.keys[key_id], 201)

    async def _key(self, request: Request) -> Response:
        self._allow(request)
        key = self._one(self.keys, request.path_params["id"])
        del self.keys[key["id"]]
        return JSONResponse({"id": key["id"]})

    def _note(self, request: Request) -> None:
        self.calls.append(f"{request.method} {request.url.path.removeprefix('/api/v1')}")
        self.visitors.append(request.headers.get("x-forwarded-for", ""))
        self.agents.append(request.headers.get("user-agent", ""))
        self.request_ids.append(request.headers.get("x-request-id", ""))
        if self.down:
            raise Problem(503, "A part that this needs does not answer: try again in a moment.")

    def _allow(self, request: Request) -> None:
        self._note(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.access:
            raise Problem(401, "Send a valid API key or access token.")

    def _tokens(self, email: str, status: int = 200) -> Response:
        access, refresh = secrets.token_urlsafe(8), secrets.token_urlsafe(8)
        self.access.add(access)
        self.teams.holders[access] = email
        self.refresh[refresh] = email
        body = {"accessToken": access, "expiresIn": self.token_seconds, "user": {"email": email}}
        response = JSONResponse(body, status)
        response.set_cookie("nearhop_refresh", refresh, httponly=True, path="/api/v1/auth")
        return response

    def _found(self, request: Request) -> list[dict[str, Any]]:
        query = request.query_params
        wanted, tag = query.get("search", "").lower(), query.get("tagIds")
        return [
            x
            for x in self.links.values()
            if wanted in f"{x['url']} {x['key']} {x['title'] or ''}".lower()
            and (query.get("showArchived") == "true" or not x["archived"])
            and (tag is None or tag in {each["id"] for each in x["tags"]})
        ]

    def _one(self, things: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
        if name not in things:
            raise Problem(404, "There is nothing here, or it belongs to another workspace.")
        return things[name]


def _etag(link: dict[str, Any]) -> str:
    return f'"r{link["revision"]}"'


def _with_etag(link: dict[str, Any]) -> Response:
    return JSONResponse(link, headers={"ETag": _etag(link)})


async def _on_problem(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, Problem)
    body = {"code": _CODES.get(error.status, "internal_server_error"), "message": str(error), "doc_url": ""}
    return JSONResponse({"error": body}, error.status)
