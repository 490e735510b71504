"""What a link is on the wire: as it is shown, as it is made, as it is changed.

The names are Dub's: camelCase, except for utm_*.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from origin.links import code_schema
from origin.links.destinations import WEB_ADDRESS, WEB_ADDRESS_OR_NONE
from origin.links.redirects import Redirect
from origin.tags.model import Tag

Unset = UnsetType


def wire_name(name: str) -> str:
    """The name that a field has on the wire."""
    if name.startswith("utm_"):
        return name
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class EdgeState(msgspec.Struct):
    """Whether the edge has the link's present version: `live` since then, or `pending` since the change."""

    state: Literal["live", "pending"]
    version: int  # the version that the edge has; 0 for none
    since: datetime


Action = Literal["warn", "block"]
Reason = Literal["phishing", "malware", "spam", "abuse", "other"]
Source = Literal["workspace", "operator", "blocklist", "safe_browsing"]


class Quarantine(msgspec.Struct):
    """Why the edge warns of a link, or has taken it down: who found what. Only the workspace's own can be released by it."""

    action: Action
    reason: Reason
    source: Source


class TestVariant(msgspec.Struct):
    """One of 2 to 4 destinations that visitors are spread over; the percentages add up to 100."""

    url: Annotated[str, WEB_ADDRESS]
    # A float: some clients send 50.0.
    percentage: Annotated[float, Meta(ge=10, le=90)]


class Link(msgspec.Struct, kw_only=True, rename=wire_name):
    """A short link. Every key is always there, null where there is nothing to say.

    `password` is never shown: a link that has one shows `********`, which a change may send back to leave it as it is.
    """

    id: str
    domain: str
    key: str
    url: str
    short_link: str
    qr_code: str
    external_id: str | None
    tenant_id: str | None
    program_id: str | None
    partner_id: str | None
    archived: bool
    expires_at: datetime | None
    expired_url: str | None
    disabled_at: datetime | None
    password: str | None
    track_conversion: bool
    proxy: bool
    title: str | None
    description: str | None
    image: str | None
    video: str | None
    rewrite: bool
    do_index: bool
    public_stats: bool
    ios: str | None
    android: str | None
    geo: dict[str, str] | None
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    utm_term: str | None
    utm_content: str | None
    test_variants: list[TestVariant] | None
    test_started_at: datetime | None
    test_completed_at: datetime | None
    user_id: str | None
    workspace_id: str
    project_id: str
    comments: str | None
    redirect: Redirect | None
    # When it had had the clicks that `redirect.maxClicks` allows, and when a one-time link was opened.
    capped_at: datetime | None
    opened_at: datetime | None
    quarantine: Quarantine | None
    tags: list[Tag]
    tag_id: str | None
    folder_id: str | None
    webhook_ids: list[str]
    clicks: int
    leads: int
    conversions: int
    sales: int
    sale_amount: int
    last_clicked: datetime | None
    created_at: datetime
    updated_at: datetime
    edge: EdgeState


Text = Annotated[str, Meta(max_length=2_000)]
Name = Annotated[str, Meta(max_length=255)]
Comment = Annotated[str, Meta(max_length=10_000)]
Url = Annotated[str, WEB_ADDRESS_OR_NONE]
Key = Annotated[str, Meta(extra_json_schema=code_schema.KEY)]
Prefix = Annotated[str, Meta(extra_json_schema=code_schema.PREFIX)]
# An `/` would end it in the path of /links/ext_...
ExternalId = Annotated[str, Meta(max_length=255, pattern="^[^/]*$")]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
TagList = Annotated[list[str], Meta(max_length=50)]
# None, or 2 to 4.
_VARIANTS = Meta(max_length=4, extra_json_schema={"not": {"minItems": 1, "maxItems": 1}})


class LinkFields(msgspec.Struct, kw_only=True, rename=wire_name, forbid_unknown_fields=True):
    """What both a new link and a change may set. What is left out stays as it is; null and "" clear it."""

    domain: str | Unset = UNSET
    key: Key | Unset = UNSET
    external_id: ExternalId | Unset | None = UNSET
    tenant_id: Name | Unset | None = UNSET
    program_id: Name | Unset | None = UNSET
    partner_id: Name | Unset | None = UNSET
    archived: bool | Unset = UNSET
    track_conversion: bool | Unset = UNSET
    comments: Comment | Unset | None = UNSET
    # One tag may be given as text; `tagId` is the old name of a single one.
    tag_ids: str | TagList | Unset | None = UNSET
    tag_names: str | TagList | Unset | None = UNSET
    tag_id: str | Unset | None = UNSET
    folder_id: str | Unset | None = UNSET
    expires_at: datetime | Unset | None = UNSET
    expired_url: Url | Unset | None = UNSET
    disabled_at: datetime | Unset | None = UNSET
    password: Annotated[str, Meta(max_length=128)] | Unset | None = UNSET
    title: Text | Unset | None = UNSET
    description: Text | Unset | None = UNSET
    image: Text | Unset | None = UNSET
    video: Text | Unset | None = UNSET
    proxy: bool | Unset = UNSET
    rewrite: bool | Unset = UNSET
    do_index: bool | Unset = UNSET
    public_stats: bool | Unset = UNSET
    ios: Url | Unset | None = UNSET
    android: Url | Unset | None = UNSET
    geo: Annotated[dict[Country, Url], Meta(max_length=250)] | Unset | None = UNSET
    test_variants: Annotated[list[TestVariant], _VARIANTS] | Unset | None = UNSET
    test_started_at: datetime | Unset | None = UNSET
    test_completed_at: datetime | Unset | None = UNSET
    utm_source: Text | Unset | None = UNSET
    utm_medium: Text | Unset | None = UNSET
    utm_campaign: Text | Unset | None = UNSET
    utm_term: Text | Unset | None = UNSET
    utm_content: Text | Unset | None = UNSET
    ref: Text | Unset | None = UNSET
    redirect: Redirect | Unset | None = UNSET
    # A workspace has no webhooks, so there is none to name: links.fields refuses each by its name.
    webhook_ids: Annotated[list[str], Meta(extra_json_schema={"maxItems": 0})] | Unset | None = UNSET


class NewLink(LinkFields, kw_only=True):
    """A link to make. Without a key it gets one of `keyLength` characters (7), behind the `prefix` and a slash."""

    url: Annotated[str, WEB_ADDRESS]
    key: Annotated[str, Meta(extra_json_schema=code_schema.KEY_OR_NOTHING)] | Unset = UNSET
    # `/c/` makes keys such as `c/7xKd2mQ`; without an effect where a key is given.
    prefix: Prefix | Unset | None = UNSET
    # A float: some clients send 5.0.
    key_length: Annotated[float, Meta(ge=3, le=190, extra_json_schema={"multipleOf": 1})] | Unset = UNSET


class LinkChange(LinkFields, kw_only=True):
    """What to change about a link."""

    url: Annotated[str, WEB_ADDRESS] | Unset = UNSET


class BulkError(msgspec.Struct):
    """Why one link of many was not made; `link` is what was sent."""

    link: Any
    error: str
    code: str


_OF_ONE = ("domain", "key", "externalId")


class BulkChange(msgspec.Struct, kw_only=True, rename=wire_name, forbid_unknown_fields=True):
    """Which links to change, by their ids or your own ids of them, and how. Those that are not there are left out."""

    # A place and an id of your own are one link's.
    data: Annotated[LinkChange, Meta(extra_json_schema={"not": {"anyOf": [{"required": [each]} for each in _OF_ONE]}})]
    link_ids: Annotated[list[str], Meta(max_length=100)] = []
    external_ids: Annotated[list[str], Meta(max_length=100)] = []


_SOME = {"anyOf": [{"required": [each], "properties": {each: {"minItems": 1}}} for each in ("linkIds", "externalIds")]}
# It names one link at least.
BulkChangeOfSome = Annotated[BulkChange, Meta(extra_json_schema=_SOME)]


class BulkDelete(msgspec.Struct, kw_only=True, rename=wire_name, forbid_unknown_fields=True):
    """Which links to delete."""

    link_ids: Annotated[list[str], Meta(min_length=1, max_length=100)]


class DeletedCount(msgspec.Struct, rename=wire_name):
    """How many were deleted."""

    deleted_count: int


class Deleted(msgspec.Struct):
    """What was deleted."""

    id: str


class CountFilter(msgspec.Struct, kw_only=True, rename=wire_name, forbid_unknown_fields=True):
    """Which links: those that fit everything that is given, and any of the tags."""

    domain: str | None = None
    tag_id: str | None = None
    tag_ids: Annotated[list[str], Meta(max_length=100)] | None = None
    tag_names: Annotated[list[str], Meta(max_length=100)] | None = None
    folder_id: str | None = None
    search: Annotated[str, Meta(max_length=500)] | None = None
    external_id: str | None = None
    tenant_id: str | None = None
    user_id: str | None = None
    show_archived: bool = False
    with_tags: bool = False  # only links that have a tag


class CountQuery(CountFilter, kw_only=True):
    """Which links to count, and by what."""

    group_by: Literal["domain", "tagId", "userId", "folderId"] | None = None


SortBy = Literal["createdAt", "updatedAt", "relevance"]


class ListFilter(CountFilter, kw_only=True):
    """Which links, in which order, and which page of them: by its number, or by the link (its id) that is next to it."""

    sort_by: SortBy | None = None  # by relevance where something is searched for, else by createdAt
    sort_order: Literal["asc", "desc"] = "desc"
    starting_after: str | None = None
    ending_before: str | None = None
    page: Annotated[int, Meta(ge=1, le=100_000)] = 1
    page_size: Annotated[int, Meta(ge=1, le=100)] = 100


class InfoQuery(msgspec.Struct, kw_only=True, rename=wire_name, forbid_unknown_fields=True):
    """One link: by domain and key, by its id, or by your own id of it (with or without `ext_`)."""

    domain: str | None = None
    key: Key | None = None
    link_id: str | None = None
    external_id: str | None = None
