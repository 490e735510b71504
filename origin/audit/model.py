"""What the audit log is on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Kind = Literal["user", "api_key", "system"]


class AuditActor(msgspec.Struct, rename="camel"):
    """Who did it: a user who had logged in, an API key (`userId`: its owner), or a job of the system, which `name` names.

    Names are those of today, and null for what is gone.
    """

    type: Kind
    id: str | None
    name: str | None
    user_id: str | None
    email: str | None


class AuditResource(msgspec.Struct):
    """What was changed, as it was called then."""

    type: str
    id: str
    name: str


class AuditPlace(msgspec.Struct, rename="camel"):
    """From where."""

    address: str
    user_agent: str
    request_id: str
    session_id: str | None


class AuditLog(msgspec.Struct, rename="camel"):
    """A change. `before` and `after` hold what differs; one of them is null for what was made or deleted."""

    id: str
    created_at: datetime
    action: str
    actor: AuditActor
    resource: AuditResource
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    place: AuditPlace


# reader.page says what it may be.
ActorId = Annotated[str, Meta(max_length=50, extra_json_schema={"pattern": "^(user|key)_[0-9a-z]{1,13}$"})]


class AuditFilter(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which changes: those that fit everything that is given, from `start` on and before `end`.

    `actorId` is a user or an API key; a user is found in what their keys did, too.
    """

    actor_id: ActorId | None = None
    actor_type: Kind | None = None
    action: Annotated[list[str], Meta(max_length=50)] | None = None
    resource_type: Annotated[str, Meta(max_length=50)] | None = None
    resource_id: Annotated[str, Meta(max_length=50)] | None = None
    start: datetime | None = None
    end: datetime | None = None


class AuditQuery(AuditFilter, kw_only=True):
    """A page of them, the newest first: the first one, or the one beside an entry (by its id)."""

    starting_after: Annotated[str, Meta(max_length=50)] | None = None
    ending_before: Annotated[str, Meta(max_length=50)] | None = None
    page_size: Annotated[int, Meta(ge=1, le=100)] = 100


class AuditExport(AuditFilter, kw_only=True):
    """All of them, the oldest first, as a file."""

    format: Literal["ndjson", "csv"] = "ndjson"
