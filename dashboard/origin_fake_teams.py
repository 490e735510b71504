"""Workspaces, their members and the audit log of the origin in memory. Invitations are never sent: see `letters`."""

import itertools
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from dashboard.origin_fake_accounts import EMAIL, FakeAccounts, Problem
from dashboard.origin_fake_roles import ROLES, shown

_ONE = "/api/v1/workspaces/{workspace}"


@dataclass
class FakeTeams:
    """`holders` are the users of access tokens. `letters` are the tokens of invitations by address."""

    holders: dict[str, str] = field(default_factory=dict)
    workspaces: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, dict[str, str]] = field(default_factory=dict)  # of a workspace: role by address
    invitations: dict[str, dict[str, Any]] = field(default_factory=dict)
    letters: dict[str, str] = field(default_factory=dict)
    domains: list[dict[str, Any]] = field(default_factory=list)
    logs: list[dict[str, Any]] = field(default_factory=list)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.add_workspace("Local", EMAIL)

    def add_workspace(self, name: str, owner: str) -> dict[str, Any]:
        number = next(self.numbers)
        made: dict[str, Any] = {
            "id": f"ws_{number}", "name": name, "slug": f"{name.lower()}-{number}", "plan": "free", "allowedOrigins": [],
            "defaultDomain": None, "linkDefaults": {}, "createdAt": _now(), "revision": 1,
        }  # fmt: skip
        self.workspaces[made["id"]] = made
        self.members[made["id"]] = {owner: "owner"}
        return made

    def log(self, workspace: str, action: str, name: str, **more: Any) -> None:
        """Put an entry on top of a workspace's log."""
        self.logs.insert(0, {
            "id": f"log_{next(self.numbers)}", "createdAt": _now(), "action": action, "workspace": workspace,
            "actor": {"type": "user", "id": user_id(EMAIL), "name": None, "userId": user_id(EMAIL), "email": EMAIL},
            "resource": {"type": action.partition(".")[0], "id": f"x_{next(self.numbers)}", "name": name},
            "before": None, "after": None,
            "place": {"address": "192.0.2.7", "userAgent": "a browser", "requestId": "r1", "sessionId": None}, **more,
        })  # fmt: skip

    def of(self, email: str) -> list[dict[str, Any]]:
        """The workspaces that somebody is in."""
        return [
            {**self.workspaces[each], **shown(roles[email])} for each, roles in self.members.items() if email in roles
        ]


@dataclass(frozen=True)
class TeamRoutes:
    """`allow` sees each request first and gives the access token; `let_in` makes the answer of a log-in."""

    teams: FakeTeams
    accounts: FakeAccounts
    note: Callable[[Request], None]
    allow: Callable[[Request], None]
    let_in: Callable[[str, int], Response]

    def routes(self) -> list[BaseRoute]:
        paths: list[tuple[str, Any, str]] = [
            ("/api/v1/me", self._me, "GET"), ("/api/v1/workspaces", self._workspaces, "GET POST"),
            (_ONE, self._workspace, "GET PATCH DELETE"), (f"{_ONE}/members", self._members, "GET"),
            (f"{_ONE}/members/{{user}}", self._member, "PATCH DELETE"), (f"{_ONE}/leave", self._leave, "POST"),
            (f"{_ONE}/transfer", self._transfer, "POST"), (f"{_ONE}/invitations", self._invitations, "GET POST"),
            (f"{_ONE}/invitations/{{id}}", self._revoke, "DELETE"),
            (f"{_ONE}/invitations/{{id}}/resend", self._resend, "POST"),
            ("/api/v1/invitations/show", self._show, "POST"), ("/api/v1/invitations/accept", self._accept, "POST"),
            ("/api/v1/invitations/register", self._register, "POST"), ("/api/v1/domains", self._domains, "GET"),
            ("/api/v1/audit-logs", self._logs, "GET"), ("/api/v1/audit-logs/export", self._export, "GET"),
        ]  # fmt: skip
        return [Route(path, endpoint, methods=methods.split()) for path, endpoint, methods in paths]

    def _who(self, request: Request) -> str:
        self.allow(request)
        return self.teams.holders[request.headers["authorization"].removeprefix("Bearer ")]

    def _here(self, request: Request, least: str = "viewer") -> tuple[str, str]:
        """Who calls, and the workspace that it is about; raises Problem for too small a role."""
        email = self._who(request)
        mine = self.teams.of(email)
        wanted = (
            request.path_params.get("workspace") or request.headers.get("x-workspace-id") or (mine or [{}])[0].get("id")
        )
        role = next((each["role"] for each in mine if each["id"] == wanted), None)
        if role is None:
            raise Problem(404, "You are in no such workspace: GET /api/v1/workspaces lists yours.")
        if ROLES.index(role) < ROLES.index(least):
            raise Problem(403, f"This takes the role {least} and yours is {role}: ask an owner.")
        return email, str(wanted)

    async def _me(self, request: Request) -> Response:
        email = self._who(request)
        mine = self.teams.of(email)
        current = self._here(request)[1] if mine else None
        user = {"id": user_id(email), "email": email, "name": ""}
        return JSONResponse({"user": user, "workspaceId": current, "workspaces": mine})

    async def _workspaces(self, request: Request) -> Response:
        email = self._who(request)
        if request.method == "GET":
            return JSONResponse(self.teams.of(email))
        made = self.teams.add_workspace((await request.json())["name"], email)
        return JSONResponse({**made, **shown("owner")}, 201)

    async def _workspace(self, request: Request) -> Response:
        least = {"GET": "viewer", "PATCH": "admin", "DELETE": "owner"}[request.method]
        email, workspace = self._here(request, least)
        found = self.teams.workspaces[workspace]
        if request.method == "DELETE":
            del self.teams.workspaces[workspace], self.teams.members[workspace]
            return Response(status_code=204)
        etag = f'"r{found["revision"]}"'
        if request.method == "PATCH":
            if request.headers.get("if-match", etag) != etag:
                raise Problem(412, "If-Match: somebody has changed this workspace since you read it.")
            body = await request.json()
            if not re.fullmatch("[a-z0-9-]+", body.get("slug", "a")):
                raise Problem(422, "slug: it has 1 to 48 of a-z, 0-9 and '-', and does not begin or end with '-'.")
            for origin in body.get("allowedOrigins", []):
                if not origin.startswith("https://"):
                    raise Problem(422, f"allowedOrigins: {origin!r} is not an origin.")
            found.update(body, revision=found["revision"] + 1)
        role = shown(self.teams.members[workspace][email])
        return JSONResponse({**found, **role}, headers={"ETag": f'"r{found["revision"]}"'})

    async def _members(self, request: Request) -> Response:
        return JSONResponse(self._listed(self._here(request)[1]))

    def _listed(self, workspace: str) -> list[dict[str, Any]]:
        roles = self.teams.members[workspace]
        return [
            {"userId": user_id(email), "email": email, "name": "", "role": role, "joinedAt": _now()}
            for email, role in roles.items()
        ]

    async def _member(self, request: Request) -> Response:
        _, workspace = self._here(request, "admin")
        roles = self.teams.members[workspace]
        email = self._named(workspace, request.path_params["user"])
        new = (await request.json())["role"] if request.method == "PATCH" else ""
        if roles[email] == "owner" != new and list(roles.values()).count("owner") == 1:
            raise Problem(409, "A workspace keeps an owner: make somebody else one first.")
        if new:
            roles[email] = new
            return JSONResponse(self._listed(workspace))
        del roles[email]
        return Response(status_code=204)

    def _named(self, workspace: str, wanted: str) -> str:
        for email in self.teams.members[workspace]:
            if user_id(email) == wanted:
                return email
        raise Problem(404, "There is no such member in this workspace.")

    async def _leave(self, request: Request) -> Response:
        email, workspace = self._here(request)
        roles = self.teams.members[workspace]
        if roles[email] == "owner" and list(roles.values()).count("owner") == 1:
            raise Problem(409, "A workspace keeps an owner: make somebody else one first.")
        del roles[email]
        return Response(status_code=204)

    async def _transfer(self, request: Request) -> Response:
        email, workspace = self._here(request, "owner")
        heir = self._named(workspace, (await request.json())["userId"])
        self.teams.members[workspace] |= {heir: "owner", email: "admin"}
        return JSONResponse(self._listed(workspace))

    async def _invitations(self, request: Request) -> Response:
        _, workspace = self._here(request, "viewer" if request.method == "GET" else "admin")
        mine = [each for each in self.teams.invitations.values() if each["workspace"] == workspace]
        if request.method == "GET":
            return JSONResponse(mine)
        body = await request.json()
        if "@" not in body["email"]:
            raise Problem(422, f"email: {body['email']!r} is not an e-mail address.")
        if body["email"] in {each["email"] for each in mine}:
            raise Problem(409, "email: this address is invited already. Send the invitation again instead.")
        made: dict[str, Any] = {
            "id": f"inv_{next(self.teams.numbers)}", "workspace": workspace, **body, "invitedBy": user_id(EMAIL),
            "createdAt": _now(), "expiresAt": (datetime.now(UTC) + timedelta(days=7)).isoformat(),
        }  # fmt: skip
        self.teams.invitations[made["id"]] = made
        self.teams.letters[body["email"]] = secrets.token_urlsafe(32)
        return JSONResponse(made, 201)

    def _invitation(self, request: Request) -> dict[str, Any]:
        _, workspace = self._here(request, "admin")
        found = self.teams.invitations.get(request.path_params["id"])
        if found is None or found["workspace"] != workspace:
            raise Problem(404, "There is no such open invitation in this workspace.")
        return found

    async def _revoke(self, request: Request) -> Response:
        del self.teams.invitations[self._invitation(request)["id"]]
        return Response(status_code=204)

    async def _resend(self, request: Request) -> Response:
        return JSONResponse(self._invitation(request))

    async def _opened(self, request: Request) -> tuple[dict[str, Any], dict[str, str]]:
        """The invitation of the token that was sent, and all that was sent."""
        body = dict(await request.json())
        for each in self.teams.invitations.values():
            if self.teams.letters.get(each["email"]) == body["token"]:
                return each, body
        raise Problem(410, "This invitation has expired, was accepted or revoked: ask for a new one.")

    async def _show(self, request: Request) -> Response:
        self.note(request)
        found, _ = await self._opened(request)
        return JSONResponse({
            "workspace": self.teams.workspaces[found["workspace"]]["name"], "email": found["email"],
            "role": found["role"], "invitedBy": EMAIL, "hasAccount": found["email"] in self.accounts.passwords,
            "expiresAt": found["expiresAt"],
        })  # fmt: skip

    async def _accept(self, request: Request) -> Response:
        email = self._who(request)
        found, _ = await self._opened(request)
        if email != found["email"]:
            raise Problem(403, f"This invitation is for {found['email']}: log in with that address.")
        self._join(found)
        return JSONResponse({"workspaceId": found["workspace"]})

    async def _register(self, request: Request) -> Response:
        self.note(request)
        found, body = await self._opened(request)
        if len(body["password"]) < 8:  # noqa: PLR2004  # as origin says
            raise Problem(422, "password: it has 8 to 256 characters.")
        self.accounts.passwords[found["email"]] = body["password"]
        self._join(found)
        return self.let_in(found["email"], 201)

    def _join(self, found: dict[str, Any]) -> None:
        self.teams.members[found["workspace"]][found["email"]] = found["role"]
        del self.teams.invitations[found["id"]]

    async def _domains(self, request: Request) -> Response:
        self._here(request)
        return JSONResponse(self.teams.domains)

    async def _logs(self, request: Request) -> Response:
        found = self._matching(request)
        query, ids = request.query_params, [each["id"] for each in found]
        size = int(query.get("pageSize", "100"))
        if after := query.get("startingAfter"):
            return JSONResponse(found[ids.index(after) + 1 :][:size])
        if before := query.get("endingBefore"):
            return JSONResponse(found[: ids.index(before)][-size:])
        return JSONResponse(found[:size])

    async def _export(self, request: Request) -> Response:
        found = self._matching(request)[::-1]
        if request.query_params["format"] == "csv":
            rows = ["id,action", *(f"{each['id']},{each['action']}" for each in found)]
            return Response("\r\n".join(rows), media_type="text/csv")
        return Response("\n".join(json.dumps(each) for each in found), media_type="application/x-ndjson")

    def _matching(self, request: Request) -> list[dict[str, Any]]:
        _, workspace = self._here(request, "admin")
        query = request.query_params
        kind, actor = query.get("resourceType"), query.get("actorId")
        return [
            each
            for each in self.teams.logs
            if each["workspace"] == workspace
            and kind in {None, each["resource"]["type"]}
            and actor in {None, each["actor"]["id"]}
            and query.get("start", "") <= each["createdAt"] < query.get("end", "9999")
        ]


def user_id(email: str) -> str:
    """An id of its own for each address."""
    return f"user_{email.partition('@')[0]}"


def _now() -> str:
    return datetime.now(UTC).isoformat()
