"""The parts of origin's answers that the dashboard shows. Fields that it doesn't show are ignored when decoding."""

from datetime import datetime
from typing import Any

import msgspec


def _wire_name(name: str) -> str:
    if name.startswith("utm_"):
        return name
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class EdgeState(msgspec.Struct, rename="camel"):
    """Whether the edge has this version of the link yet."""

    state: str  # "pending" or "live"


class Quarantine(msgspec.Struct):
    """What was done to a link that may be harmful."""

    action: str  # "warn" or "block"


class Tag(msgspec.Struct):
    id: str
    name: str
    color: str = ""


class Variant(msgspec.Struct):
    """One of the destinations that visitors are spread over."""

    url: str
    percentage: float


class Link(msgspec.Struct, rename=_wire_name, kw_only=True):
    """A short link. The names of utm_* are the same on the wire."""

    id: str
    domain: str
    key: str
    url: str
    short_link: str
    created_at: datetime
    updated_at: datetime
    title: str | None = None
    comments: str | None = None
    archived: bool = False
    clicks: int = 0
    last_clicked: datetime | None = None
    edge: EdgeState | None = None
    expires_at: datetime | None = None
    disabled_at: datetime | None = None
    capped_at: datetime | None = None
    opened_at: datetime | None = None  # of a one-time link
    password: str | None = None  # masked
    quarantine: Quarantine | None = None
    redirect: dict[str, Any] | None = None  # as the API says it, so that what is not shown here is sent back as it was
    expired_url: str | None = None
    proxy: bool = False  # social networks get the title, description and image
    description: str | None = None
    image: str | None = None
    ios: str | None = None
    android: str | None = None
    geo: dict[str, str] | None = None
    test_variants: list[Variant] | None = None
    test_started_at: datetime | None = None
    test_completed_at: datetime | None = None
    track_conversion: bool = False
    tags: list[Tag] = []
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_term: str | None = None
    utm_content: str | None = None

    @property
    def starts_at(self) -> datetime | None:
        """When it opens."""
        text = (self.redirect or {}).get("startsAt")
        return datetime.fromisoformat(text) if text else None


class ApiKey(msgspec.Struct, rename="camel"):
    id: str
    name: str
    hint: str
    created_at: datetime
    last_used_at: datetime | None = None


class NewApiKey(ApiKey, rename="camel", kw_only=True):
    """The one answer that carries the key itself."""

    key: str


class User(msgspec.Struct, rename="camel"):
    email: str
    name: str = ""


class Tokens(msgspec.Struct, rename="camel"):
    """What a log-in or a refresh gives. The cookies are origin's refresh cookie, by name."""

    access_token: str
    expires_in: int  # seconds
    user: User
    cookies: dict[str, str] = {}


class SecondStep(msgspec.Struct, rename="camel"):
    """What a log-in gives instead of tokens where a second factor is asked for."""

    token: str
    expires_in: int  # seconds
    methods: list[str]


class FirstStep(msgspec.Struct, rename="camel"):
    """The answer of a log-in that is not over yet, or, without this field, `Tokens`."""

    second_factor: SecondStep | None = None


class SecondFactor(msgspec.Struct, rename="camel"):
    enabled: bool
    enabled_at: datetime | None = None
    recovery_codes_left: int = 0


class TotpSecret(msgspec.Struct):
    """The secret of an authenticator app, which origin shows once; `qr` is an image as a data URI."""

    secret: str
    uri: str
    qr: str


class RecoveryCodes(msgspec.Struct, rename="camel"):
    recovery_codes: list[str]


class Passkey(msgspec.Struct, rename="camel"):
    id: str
    name: str
    backed_up: bool
    created_at: datetime
    last_used_at: datetime | None = None


class Provider(msgspec.Struct):
    """A provider of OpenID Connect to log in with."""

    id: str
    name: str


class WayOut(msgspec.Struct, rename="camel"):
    """Where a log-in with a provider goes on; `state` comes back with the browser."""

    authorization_url: str
    state: str


class Identity(msgspec.Struct, rename="camel"):
    """A provider's identity that opens the account."""

    id: str
    issuer: str
    email: str
    created_at: datetime
    last_used_at: datetime


class SessionInfo(msgspec.Struct, rename="camel"):
    id: str
    current: bool
    address: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime


class MailSent(msgspec.Struct):
    """The answer of all that goes on by mail: the same whether there is such an account or not."""

    message: str
