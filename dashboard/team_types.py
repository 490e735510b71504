"""The parts of origin's answers about people and workspaces that the dashboard shows."""

from datetime import datetime
from typing import Any

import msgspec

ROLES = ("viewer", "member", "admin", "owner")


class Workspace(msgspec.Struct, rename="camel"):
    """A workspace, with the role that one has in it and what origin lets it do."""

    id: str
    slug: str
    name: str
    role: str
    permissions: list[str] = []
    allowed_origins: list[str] = []
    default_domain: str | None = None
    link_defaults: dict[str, Any] = {}

    def may(self, permission: str) -> bool:
        return permission in self.permissions


class Myself(msgspec.Struct, rename="camel"):
    id: str
    email: str
    name: str = ""


class Me(msgspec.Struct, rename="camel"):
    """Who is logged in, and in which workspaces."""

    user: Myself
    workspace_id: str | None
    workspaces: list[Workspace]

    @property
    def workspace(self) -> Workspace | None:
        """The workspace that calls are about."""
        return next((each for each in self.workspaces if each.id == self.workspace_id), None)


class Member(msgspec.Struct, rename="camel"):
    user_id: str
    email: str
    name: str
    role: str
    joined_at: datetime


class Invitation(msgspec.Struct, rename="camel"):
    id: str
    email: str
    role: str
    created_at: datetime
    expires_at: datetime


class InvitationShown(msgspec.Struct, rename="camel"):
    """What a letter's token is for."""

    workspace: str
    email: str
    role: str
    invited_by: str | None
    has_account: bool


class Joined(msgspec.Struct, rename="camel"):
    workspace_id: str


class Domain(msgspec.Struct, rename="camel"):
    slug: str
    verified: bool = False
    archived: bool = False


class AuditActor(msgspec.Struct, rename="camel"):
    type: str
    id: str | None
    name: str | None
    email: str | None

    @property
    def called(self) -> str:
        """How people know them."""
        called = self.name or self.email or self.id or "the system"
        return f"API key {called}" if self.type == "api_key" else called


class AuditResource(msgspec.Struct):
    type: str
    id: str
    name: str


class AuditPlace(msgspec.Struct, rename="camel"):
    address: str
    user_agent: str
    request_id: str


class AuditLog(msgspec.Struct, rename="camel"):
    id: str
    created_at: datetime
    action: str
    actor: AuditActor
    resource: AuditResource
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    place: AuditPlace
