"""Who is calling, and what they may do: the one place that decides both."""

from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request

from origin.problems import Forbidden

# From the one who may least to the one who may most: each may all that those before may.
ROLES = ("viewer", "member", "admin", "owner")

# Every permission, with the least role that has it. A permission is also the scope that an API key needs for it.
LEAST_ROLE: dict[str, str] = {
    "links.read": "viewer",
    "links.write": "member",
    "analytics.read": "viewer",
    "conversions.read": "viewer",
    "conversions.write": "member",
    # Reports of links by visitors, and the quarantine.
    "safety.read": "admin",
    "safety.write": "admin",
    "domains.read": "viewer",
    "domains.write": "admin",
    "workspace.read": "viewer",
    "workspace.write": "admin",
    "workspace.leave": "viewer",  # no .read: a key that only reads must not take its owner out
    "workspace.own": "owner",  # to delete it, to hand it over
    "members.read": "viewer",
    "members.write": "admin",
    "keys.read": "admin",
    "keys.write": "admin",
    "audit.read": "admin",
}
PERMISSIONS = frozenset(LEAST_ROLE)

# What an API key may be given: single permissions, or these two.
ALL, READ_ALL = "apis.all", "apis.read"
SCOPES = PERMISSIONS | {ALL, READ_ALL}
Scopes = frozenset[str]
EVERYTHING: Scopes = frozenset({ALL})


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller in the workspace that the call is about. Every query is scoped to `workspace_id`."""

    user_id: int
    workspace_id: int
    role: str
    api_key_id: int | None = None
    scopes: Scopes = EVERYTHING
    allowed_origins: frozenset[str] = frozenset()  # that pages may call from

    def may(self, permission: str) -> bool:
        """Whether both the caller's role and the key's scopes allow this."""
        return reaches(self.role, LEAST_ROLE[permission]) and covers(self.scopes, permission)


@dataclass(frozen=True, slots=True)
class Caller:
    """The user behind a token, in no workspace yet. An API key belongs to one; an access token belongs to a session."""

    user_id: int
    api_key_id: int | None = None
    key_workspace_id: int | None = None
    session: str | None = None
    scopes: Scopes = EVERYTHING
    plan: str | None = None  # of the API key's workspace
    role: str | None = None  # of the API key's owner there; None: they have left it
    allowed_origins: frozenset[str] = frozenset()  # of the API key's workspace


class Access(Protocol):
    """What finds out who is behind a request: kept in `app.state.access`."""

    async def identify(self, request: Request) -> Caller:
        """The user; raises Unauthorized."""
        ...

    async def authenticate(self, request: Request) -> Actor:
        """The actor; raises Unauthorized, or NotFound for a workspace that the caller is not in."""
        ...


class FixedAccess:
    """An Access that lets everybody in as one actor, for tests."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    async def identify(self, request: Request) -> Caller:
        del request
        return Caller(self.actor.user_id, self.actor.api_key_id)

    async def authenticate(self, request: Request) -> Actor:
        del request
        return self.actor


def reaches(role: str, least: str) -> bool:
    """Whether a role may all that another may. A role that there is no more may nothing."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(least)


def permissions_of(role: str) -> list[str]:
    """What a role may, for those who show people no more than that."""
    return [permission for permission, least in LEAST_ROLE.items() if reaches(role, least)]


def covers(scopes: Scopes, permission: str) -> bool:
    """Whether a key of these scopes may do this, as far as its owner may."""
    return permission in scopes or ALL in scopes or (READ_ALL in scopes and permission.endswith(".read"))


async def identify(request: Request) -> Caller:
    """The user behind this request, looked up once; raises Unauthorized."""
    if not hasattr(request.state, "caller"):
        access: Access = request.app.state.access
        request.state.caller = await access.identify(request)
    caller: Caller = request.state.caller
    return caller


async def identify_signed_in(request: Request) -> Caller:
    """The user; raises Forbidden where a key of some scopes alone wants to change what belongs to no workspace."""
    caller = await identify(request)
    if request.method != "GET" and ALL not in caller.scopes:
        raise Forbidden(f"This API key lacks the scope {ALL}.")
    return caller


async def identify_person(request: Request) -> Caller:
    """The user, who has logged in; raises Forbidden for API keys: what a key may do must not open the account itself."""
    caller = await identify(request)
    if caller.api_key_id is not None:
        raise Forbidden("This is for people who have logged in, not for API keys.")
    return caller


async def authenticate(request: Request) -> Actor:
    """The actor of this request, looked up once."""
    if not hasattr(request.state, "actor"):
        access: Access = request.app.state.access
        request.state.actor = await access.authenticate(request)
    actor: Actor = request.state.actor
    return actor


async def require(request: Request, permission: str) -> Actor:
    """The actor, if they may do this; raises Unauthorized, Forbidden, or NotFound for a foreign workspace."""
    actor = await authenticate(request)
    if not reaches(actor.role, LEAST_ROLE[permission]):
        raise Forbidden(f"This takes the role {LEAST_ROLE[permission]} and yours is {actor.role}: ask an owner.")
    if not actor.may(permission):
        raise Forbidden(f"This API key lacks the scope {permission}.")
    return actor
