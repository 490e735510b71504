"""Who is calling, and what they may do: the one place that decides both."""

from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request

from origin.problems import Forbidden

_READ = frozenset({"links.read", "analytics.read", "domains.read", "workspace.read"})
_WRITE = _READ | {"links.write"}
_ADMIN = _WRITE | {"domains.write", "workspace.write", "keys.read", "keys.write"}

ROLES: dict[str, frozenset[str]] = {
    "viewer": _READ,
    "member": _WRITE,
    "admin": _ADMIN,
    "owner": _ADMIN | {"workspace.delete"},
}
PERMISSIONS = ROLES["owner"]


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller in the workspace that the call is about. Every query is scoped to `workspace_id`."""

    user_id: int
    workspace_id: int
    role: str
    api_key_id: int | None = None

    def may(self, permission: str) -> bool:
        """Whether the caller's role allows this."""
        return permission in ROLES.get(self.role, frozenset())


@dataclass(frozen=True, slots=True)
class Caller:
    """The user behind a token, in no workspace yet. An API key belongs to one; an access token belongs to a session."""

    user_id: int
    api_key_id: int | None = None
    key_workspace_id: int | None = None
    session: str | None = None


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


async def identify(request: Request) -> Caller:
    """The user behind this request, looked up once; raises Unauthorized."""
    if not hasattr(request.state, "caller"):
        access: Access = request.app.state.access
        request.state.caller = await access.identify(request)
    caller: Caller = request.state.caller
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
    assert permission in PERMISSIONS, permission
    actor = await authenticate(request)
    if not actor.may(permission):
        raise Forbidden
    return actor
