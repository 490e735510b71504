"""The fields of a link that stand for themselves: from what was sent to the columns of the table, checked on the way."""

import math
from datetime import UTC, datetime
from typing import Any

from msgspec import UNSET

from origin import ids
from origin.links import destinations, redirects
from origin.links.destinations import Destination
from origin.links.model import LinkFields, TestVariant, wire_name
from origin.links.refusals import unknown_folder, unknown_webhook
from origin.problems import Unprocessable
from origin.times import in_utc

_PLAIN = (
    "external_id", "tenant_id", "program_id", "partner_id", "comments", "title", "description", "image", "video",
    "archived", "track_conversion", "proxy", "rewrite", "do_index", "public_stats",
)  # fmt: skip
_TIMES = ("expires_at", "disabled_at", "test_started_at", "test_completed_at")
_URLS = ("expired_url", "ios", "android")
# Every link has these columns, with these values where nothing else is said.
DEFAULTS: dict[str, Any] = {
    **dict.fromkeys((*_PLAIN[:9], *_TIMES, *_URLS, "geo", "test_variants", "redirect", "folder_id", "password_hash")),
    **dict.fromkeys(("capped_at", "quarantine")),
    **dict.fromkeys(_PLAIN[9:], False),
}
_EPOCH = datetime.fromtimestamp(0, UTC)
_MOST_COUNTRIES = 250
_WHOLE = 100


def columns(body: LinkFields) -> dict[str, Any]:
    """The columns of what was given, but for the URL, the place, tags and password. An empty text is stored as null."""
    found = {name: _empty_is_null(value) for name in _PLAIN if (value := getattr(body, name)) is not UNSET}
    times = {name: value for name in _TIMES if (value := getattr(body, name)) is not UNSET}
    found |= {name: None if value is None else in_utc(wire_name(name), value) for name, value in times.items()}
    found |= {name: value or None for name in _URLS if (value := getattr(body, name)) is not UNSET}
    if (found.get("disabled_at") or _EPOCH) > datetime.now(UTC):
        raise Unprocessable("disabledAt: it is when the link was switched off, so not in the future.")
    if body.webhook_ids:
        raise unknown_webhook(body.webhook_ids[0])
    if body.geo is not UNSET:
        found["geo"] = _geo(body.geo)
    if body.test_variants is not UNSET:
        found["test_variants"] = _variants(body.test_variants)
    if body.redirect is not UNSET:
        found["redirect"] = redirects.columns(body.redirect)
    if body.folder_id is not UNSET:
        found["folder_id"] = _folder(body.folder_id)
    return found


def other_destinations(found: dict[str, Any], *, allow_private: bool) -> list[tuple[str, Destination]]:
    """Where else than to its URL the link leads, each with the name of its field; raises Unprocessable."""
    named = [("expiredUrl", found.get("expired_url")), ("ios", found.get("ios")), ("android", found.get("android"))]
    named += [(f"geo.{country}", url) for country, url in (found.get("geo") or {}).items()]
    named += [(f"testVariants[{n}].url", each["url"]) for n, each in enumerate(found.get("test_variants") or [])]
    rules = (found.get("redirect") or {}).get("rules", [])
    named += [(f"redirect.rules[{n}].url", rule["url"]) for n, rule in enumerate(rules)]
    return [(field, destinations.check(url, allow_private=allow_private, field=field)) for field, url in named if url]


def _empty_is_null(value: Any) -> Any:
    return None if value == "" else value


def _geo(value: dict[str, str] | None) -> dict[str, str] | None:
    if value and len(value) > _MOST_COUNTRIES:
        raise Unprocessable(f"geo: there are {_MOST_COUNTRIES} countries at most.")
    # As elsewhere, "" is none.
    return {country: url for country, url in (value or {}).items() if url} or None


def _variants(value: list[TestVariant] | None) -> list[dict[str, Any]] | None:
    if not value:
        return None
    if len(value) == 1:
        raise Unprocessable("testVariants: a test has 2 to 4 variants.")
    if not math.isclose(math.fsum(each.percentage for each in value), _WHOLE):
        raise Unprocessable("testVariants: the percentages add up to 100.")
    return [{"url": each.url, "percentage": each.percentage} for each in value]


def _folder(value: str | None) -> int | None:
    if not value:
        return None
    number = ids.parse(ids.FOLDER, value)
    if number is None:
        raise unknown_folder(value)
    return number
