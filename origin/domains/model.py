"""What a domain is on the wire."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from origin.links.destinations import WEB_ADDRESS_OR_NONE
from origin.problems import Unprocessable

Url = Annotated[str, WEB_ADDRESS_OR_NONE]
Document = Annotated[str, Meta(max_length=100_000)]


class EdgeHostname(msgspec.Struct):
    """The domain at Cloudflare: `active` once it answers with a certificate of its own, and else what is missing."""

    status: Literal["pending", "active", "failed"]
    detail: str | None


class Domain(msgspec.Struct, rename="camel", kw_only=True):
    """A domain for short links. `verified`: it is proved to be the workspace's; `configured`: it leads to the edge."""

    id: str
    slug: str
    verified: bool
    configured: bool
    edge_hostname: EdgeHostname | None
    primary: bool
    archived: bool
    placeholder: str | None
    expired_url: str | None
    not_found_url: str | None
    root_url: str | None
    robots: str | None
    favicon: str | None
    ignore_case: bool
    logo: str | None
    asset_links: str | None
    apple_app_site_association: str | None
    registered_domain: None
    created_at: datetime
    updated_at: datetime


class DomainChange(msgspec.Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """What to change. `rootUrl` is where the bare domain leads; `ignoreCase` can't be changed while there are links."""

    slug: str | UnsetType = UNSET
    expired_url: Url | UnsetType | None = UNSET
    not_found_url: Url | UnsetType | None = UNSET
    root_url: Url | UnsetType | None = UNSET
    favicon: Url | UnsetType | None = UNSET
    robots: Document | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET
    primary: bool | UnsetType = UNSET
    ignore_case: bool | UnsetType = UNSET
    placeholder: Annotated[str, Meta(max_length=500)] | UnsetType | None = UNSET
    logo: Url | UnsetType | None = UNSET
    asset_links: Document | UnsetType | None = UNSET
    apple_app_site_association: Document | UnsetType | None = UNSET


class NewDomain(DomainChange, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """A domain to add."""

    slug: Annotated[str, Meta(min_length=3, max_length=190, extra_json_schema={"format": "idn-hostname"})]


class DomainFilter(msgspec.Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """Which domains."""

    archived: bool = False
    search: Annotated[str, Meta(max_length=500)] | None = None
    page: Annotated[int, Meta(ge=1, le=100_000)] = 1
    page_size: Annotated[int, Meta(ge=1, le=100)] = 50


class DnsRecord(msgspec.Struct):
    """A DNS record to set, and whether it was found."""

    type: Literal["TXT", "CNAME"]
    name: str
    value: str
    found: bool


class Verification(msgspec.Struct, rename="camel"):
    """What was found in DNS. The TXT record proves whose the domain is; the CNAME record leads it to the edge."""

    verified: bool
    configured: bool
    records: list[DnsRecord]
    detail: str


class EdgeLag(msgspec.Struct, rename="camel"):
    """How far the edge is behind: changes that it does not have yet, and since when the oldest of them waits."""

    slug: str
    pending: int
    since: datetime | None


class Availability(msgspec.Struct):
    """Whether a domain may be had; nothing is sold here, so there is no price."""

    domain: str
    available: bool
    price: str | None
    premium: bool | None
    prices: None


class StatusQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The domains asked for, with commas."""

    domains: Annotated[list[str], Meta(min_length=1, max_length=10)]


class DomainRegistration(msgspec.Struct, forbid_unknown_fields=True):
    """A domain to register."""

    domain: str


class DeletedDomain(msgspec.Struct):
    """What was deleted."""

    slug: str


def document(field: str, text: str | None, kind: type[list[Any]] | type[dict[str, Any]]) -> Any:
    """A JSON document that was sent as text; raises Unprocessable."""
    if not text:
        return None
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Unprocessable(f"{field}: it is not valid JSON.") from error
    if not isinstance(found, kind):
        raise Unprocessable(f"{field}: it is a JSON {'array' if kind is list else 'object'}.")
    return found
