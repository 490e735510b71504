"""What an event is on the wire: Dub's shape, every key always there and no text null."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from origin import ids
from origin.analytics.asking import iso
from origin.analytics.model import ClickQuery
from origin.links.model import Link
from origin.links.utm import FIELDS

MOST_EVENTS = 1000
KnownLinks = Mapping[str, dict[str, Any]]
Verdict = Literal["click", "bot", "preview", "prefetch", "head", "duplicate", "capped", "all"]
# What an event needs of the table.
COLUMNS = (
    "click_id", "block_id", "timestamp", "workspace_id", "link_id", "domain", "code", "url", "verdict", "bot_name",
    "bot_reason", "trigger", "country", "region", "city", "continent", "device", "browser", "os", "referer",
    "referer_url", "channel", "language", "user_agent", "ip", "variant", "rule", "query", "network", "device_brand",
    "device_model", "browser_version", "engine", "os_version", *FIELDS,
)  # fmt: skip


class EventsQuery(ClickQuery, kw_only=True, forbid_unknown_fields=True):
    """Which events. `cursor` is that of the page before (`Nearhop-Next-Cursor`) and wins over `page`."""

    event: Literal["clicks", "leads", "sales"] = "clicks"
    verdict: Verdict = "click"
    page: Annotated[int, Meta(ge=1)] = 1
    limit: Annotated[int, Meta(ge=1, le=MOST_EVENTS)] = 100
    cursor: str = ""
    sort_by: Literal["timestamp"] = msgspec.field(default="timestamp", name="sortBy")
    sort_order: Literal["asc", "desc"] = msgspec.field(default="desc", name="sortOrder")
    order: Literal["asc", "desc"] = "desc"  # the older name of sortOrder; not looked at


class ExportQuery(ClickQuery, kw_only=True, forbid_unknown_fields=True):
    """Which events, and how they are written."""

    event: Literal["clicks", "leads", "sales"] = "clicks"
    verdict: Verdict = "all"
    format: Literal["ndjson", "csv", "parquet"] = "ndjson"


class LiveQuery(msgspec.Struct, forbid_unknown_fields=True):
    """`event`: only these; the feed has all requests, leads and sales of the workspace otherwise."""

    event: Literal["", "clicks", "leads", "sales"] = ""


class Click(msgspec.Struct, kw_only=True, rename="camel"):
    """The request."""

    id: str
    timestamp: str
    url: str
    country: str
    city: str
    region: str
    continent: str
    device: str
    browser: str
    os: str
    referer: str
    referer_url: str
    qr: bool
    ip: str
    ua: str
    trigger: str
    verdict: str
    bot_name: str
    bot_reason: str
    channel: str
    language: str
    variant: int
    rule: int
    query: str
    network: str
    device_brand: str
    device_model: str
    browser_version: str
    engine: str
    os_version: str
    utm_source: str = msgspec.field(name="utm_source")
    utm_medium: str = msgspec.field(name="utm_medium")
    utm_campaign: str = msgspec.field(name="utm_campaign")
    utm_term: str = msgspec.field(name="utm_term")
    utm_content: str = msgspec.field(name="utm_content")


# Fields of Click that are called what their columns are.
_PLAIN = (
    "url", "country", "city", "region", "continent", "device", "browser", "os", "referer", "referer_url", "ip", "trigger",
    "verdict", "bot_name", "bot_reason", "channel", "language", "variant", "rule", "query", "network", "device_brand",
    "device_model", "browser_version", "engine", "os_version", *FIELDS,
)  # fmt: skip


class Event(msgspec.Struct, kw_only=True):
    """One request for a short link; from `click_id` on copies of what `click` and `link` say, which Dub's SDKs want."""

    event: Literal["click"]
    timestamp: str
    click: Click
    link: dict[str, Any]
    click_id: str
    link_id: str
    domain: str
    key: str
    url: str
    continent: str
    country: str
    city: str
    device: str
    browser: str
    os: str
    qr: int
    ip: str


def by_public_id(links: Iterable[Link]) -> KnownLinks:
    """Links as events show them: each is taken apart once, however many events are its."""
    return {link.id: msgspec.to_builtins(link) for link in links}


def event_of(row: Mapping[str, Any], links: KnownLinks) -> Event:
    """An event out of a row with COLUMNS."""
    link_id = ids.public(ids.LINK, row["link_id"])
    at = row["timestamp"].replace(tzinfo=UTC)
    same = {name: row[name] for name in ("url", "continent", "country", "city", "device", "browser", "os", "ip")}
    qr = row["trigger"] == "qr"
    plain = {name: row[name] for name in _PLAIN}
    click = Click(**plain, id=row["click_id"], timestamp=iso(at), qr=qr, ua=row["user_agent"])
    return Event(
        **same,
        event="click",
        timestamp=iso(at),
        click=click,
        link=links.get(link_id) or _gone(row, link_id, at),
        click_id=row["click_id"],
        link_id=link_id,
        domain=row["domain"],
        key=row["code"],
        qr=int(qr),
    )


def _gone(row: Mapping[str, Any], link_id: str, at: datetime) -> dict[str, Any]:
    """What is still known of a link that was deleted, with every key of a link."""
    workspace = ids.public(ids.WORKSPACE, row["workspace_id"])
    return _nothing() | {
        "id": link_id,
        "domain": row["domain"],
        "key": row["code"],
        "url": row["url"],
        "shortLink": f"https://{row['domain']}/{row['code']}",
        "qrCode": "",
        "workspaceId": workspace,
        "projectId": workspace,
        "createdAt": iso(at),
        "updatedAt": iso(at),
    }


@cache
def _nothing() -> dict[str, Any]:
    """A link's keys with the empty value of each type."""
    empty: dict[type, Any] = {bool: False, int: 0}
    fields = msgspec.structs.fields(Link)
    return {field.encode_name: [] if "list" in str(field.type) else empty.get(field.type) for field in fields}
