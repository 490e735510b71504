"""What Nearhop's edge can do with a link beyond Dub's fields, as the API takes and shows it: the field `redirect`.

docs/edge.md says what each option does; the names here are the API's.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from origin.links.destinations import WEB_ADDRESS
from origin.problems import Unprocessable
from origin.times import in_utc

_APP_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f\x7f]+")
_RUNS_IN_A_BROWSER = ("javascript", "data", "vbscript", "file", "blob", "about")

Texts = Annotated[list[Annotated[str, Meta(min_length=1, max_length=200)]], Meta(max_length=250)]
# What the OpenAPI document says of an app's own URL; _check_app_url has better words.
_APP = {"format": "uri", "pattern": f"^(?!({'|'.join(_RUNS_IN_A_BROWSER)}):){_APP_URL.pattern}$"}
AppUrl = Annotated[str, Meta(min_length=1, max_length=8_192, extra_json_schema=_APP)]
Clock = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Version = Annotated[str, Meta(pattern="^[0-9]{1,4}(\\.[0-9]{1,4}){0,3}$")]
Weekday = Annotated[int, Meta(ge=1, le=7)]


class Part(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """What all parts of `redirect` have in common: names in camel case, and nothing that is left out."""


# How many values a list may have.
FEW, MANY = Meta(max_length=20), Meta(max_length=250)


class Versions(Part):
    """From `min` to `max`, either of which may be left out."""

    min: Version | None = None
    max: Version | None = None


class Conditions(Part):
    """Conditions on a visit; all that are given have to hold."""

    country: Annotated[list[Annotated[str, Meta(pattern="^[A-Z]{2}$")]], MANY] | None = None
    region: Texts | None = None
    city: Texts | None = None
    continent: Annotated[list[Literal["AF", "AN", "AS", "EU", "NA", "OC", "SA"]], FEW] | None = None
    eu: bool | None = None
    device: Annotated[list[Literal["desktop", "mobile", "tablet", "tv", "bot"]], FEW] | None = None
    os: Annotated[list[Literal["ios", "android", "windows", "macos", "linux", "chromeos"]], FEW] | None = None
    os_version: Versions | None = None
    browser: Annotated[list[Literal["chrome", "safari", "firefox", "edge", "opera", "samsung", "ie"]], FEW] | None = (
        None
    )
    language: Texts | None = None
    after: datetime | None = None
    before: datetime | None = None
    weekday: Annotated[list[Weekday], FEW] | None = None
    hours: Annotated[list[Clock], Meta(min_length=2, max_length=2)] | None = None
    zone: Annotated[str, Meta(max_length=64)] | None = None
    query: Annotated[dict[str, Texts], FEW] | None = None
    referrer: Annotated[list[Annotated[str, Meta(max_length=200)]], MANY] | None = None
    returning: bool | None = None


class Rule(Part):
    """Where visits go for which all of `when` and nothing of `unless` holds; `app` is an app's own URL to try first."""

    url: Annotated[str, WEB_ADDRESS]
    when: Conditions | None = None
    unless: Conditions | None = None
    app: AppUrl | None = None


class Redirect(Part):
    """How the edge redirects. Of the rules the first that fits decides; `winner` is the number of a variant from 0."""

    status: Literal[301, 302, 307, 308] = 302
    starts_at: datetime | None = None
    forward_path: bool = False
    forward_query: Literal["append", "override"] | None = None
    params: Annotated[dict[Annotated[str, Meta(min_length=1, max_length=100)], str], FEW] | None = None
    rules: Annotated[list[Rule], Meta(max_length=50)] | None = None
    winner: Annotated[int, Meta(ge=0, le=3)] | None = None
    remember_variant: bool = False
    # Clicks after which the link closes as if it had expired; origin counts them.
    max_clicks: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None
    # Whoever opens it first is let in, and nobody after them.
    one_time: bool = False
    # A page that warns comes first; a text is the reason it gives.
    unsafe: bool | Annotated[str, Meta(min_length=1, max_length=300)] = False
    ios_app: AppUrl | None = None
    android_app: AppUrl | None = None


def columns(given: Redirect | None) -> dict[str, Any] | None:
    """What is stored, as JSON; None for what says nothing. Raises Unprocessable naming the field."""
    if given is None:
        return None
    if given.starts_at is not None:
        given.starts_at = in_utc("redirect.startsAt", given.starts_at)
    apps = [("iosApp", given.ios_app), ("androidApp", given.android_app)]
    for number, rule in enumerate(given.rules or []):
        apps.append((f"rules[{number}].app", rule.app))
        for name, conditions in (("when", rule.when), ("unless", rule.unless)):
            if conditions is not None:
                _check_conditions(f"redirect.rules[{number}].{name}", conditions)
    for field, url in apps:
        if url is not None:
            _check_app_url(f"redirect.{field}", url)
    found: dict[str, Any] = msgspec.to_builtins(given, str_keys=True)
    return found or None


def max_clicks(stored: dict[str, Any] | None) -> int | None:
    """The click cap of a link's stored `redirect`."""
    found: int | None = (stored or {}).get("maxClicks")
    return found


def is_one_time(stored: dict[str, Any] | None) -> bool:
    """Whether a link's stored `redirect` lets one visitor in."""
    return bool((stored or {}).get("oneTime"))


def forwards_paths(stored: dict[str, Any] | None) -> bool:
    """Whether a link's stored `redirect` carries the rest of the path on."""
    return bool((stored or {}).get("forwardPath"))


def options(stored: dict[str, Any]) -> dict[str, Any]:
    """The same as options of a KV record."""
    given = msgspec.convert(stored, Redirect)
    found: dict[str, Any] = {
        "starts_at": _milliseconds(given.starts_at),
        "prefix": given.forward_path or None,
        "query": given.forward_query,
        "params": given.params,
        "rules": [_rule(each) for each in given.rules or []] or None,
        "winner": given.winner,
        "sticky": "cookie" if given.remember_variant else None,
        "once": given.one_time or None,
        "unsafe": given.unsafe or None,
        "ios_app": given.ios_app,
        "android_app": given.android_app,
        "status": None if given.status == Redirect().status else given.status,
    }
    return {name: value for name, value in found.items() if value is not None}


def _rule(rule: Rule) -> dict[str, Any]:
    found = {"url": rule.url, "app": rule.app, "when": _conditions(rule.when), "unless": _conditions(rule.unless)}
    return {name: value for name, value in found.items() if value is not None}


def _conditions(given: Conditions | None) -> dict[str, Any] | None:
    if given is None:
        return None
    found = {name: value for name, value in msgspec.structs.asdict(given).items() if value is not None}
    times = {name: _milliseconds(found[name]) for name in ("after", "before") if name in found}
    plain: dict[str, Any] = msgspec.to_builtins({**found, **times})
    return plain


def _milliseconds(time: datetime | None) -> int | None:
    return None if time is None else int(time.timestamp() * 1000)


def _check_conditions(field: str, given: Conditions) -> None:
    """Raise Unprocessable for a zone or a time that there is not; times are in UTC afterwards."""
    if given.zone is not None:
        _check_zone(f"{field}.zone", given.zone)
    if given.after is not None:
        given.after = in_utc(f"{field}.after", given.after)
    if given.before is not None:
        given.before = in_utc(f"{field}.before", given.before)


def _check_zone(field: str, zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Unprocessable(f"{field}: there is no time zone {zone!r}. Write one as Europe/Berlin.") from error


def _check_app_url(field: str, url: str) -> None:
    if not _APP_URL.fullmatch(url) or url.partition(":")[0].lower() in _RUNS_IN_A_BROWSER:
        raise Unprocessable(f"{field}: it is not an app's URL, such as spotify:track:1.")
