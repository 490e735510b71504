"""Between a link as the API says it and the form's fields: what to show, and what to ask of origin."""

from datetime import UTC, datetime, tzinfo
from typing import Any

from dashboard.link_form import VARIANTS, LinkForm
from dashboard.origin_types import Link
from dashboard.team_forms import UTM

# Field of the form: name in the API. Texts are sent as null where they are empty.
_TEXTS = {
    "url": "url", "key": "key", "title": "title", "comments": "comments", "description": "description", "image": "image",
    "expired_url": "expiredUrl", "ios": "ios", "android": "android", **{name: name for name in UTM},
}  # fmt: skip
_FLAGS = {"proxy": "proxy", "track_conversion": "trackConversion", "archived": "archived", "disabled": "disabledAt"}
# The same for what is below `redirect`.
_REDIRECT = {
    "max_clicks": "maxClicks", "one_time": "oneTime", "forward_path": "forwardPath", "forward_query": "forwardQuery",
    "status": "status", "winner": "winner", "starts_at": "startsAt",
}  # fmt: skip


def shown(link: Link, zone: tzinfo) -> dict[str, Any]:
    """The values of the form's fields for a link, which is `data` of a form."""
    redirect = link.redirect or {}
    return {
        **{name: getattr(link, name) for name in (*_TEXTS, "domain", "proxy", "track_conversion", "archived")},
        "tag_ids": [each.id for each in link.tags],
        "expires_at": _local(link.expires_at, zone),
        "starts_at": _local(link.starts_at, zone),
        "disabled": link.disabled_at is not None,
        "geo": [{"country": country, "url": url} for country, url in (link.geo or {}).items()],
        "variants": [{"url": each.url, "percentage": each.percentage} for each in link.test_variants or ()],
        "status": str(redirect.get("status", "")),
        "winner": str(redirect.get("winner", "")),
        "max_clicks": redirect.get("maxClicks"),
        "one_time": redirect.get("oneTime", False),
        "forward_path": redirect.get("forwardPath", False),
        "forward_query": redirect.get("forwardQuery", ""),
    }


def to_create(form: LinkForm, tags: list[str], zone: tzinfo) -> dict[str, Any]:
    """The body of a new link: what was left empty is origin's to choose."""
    given = {**_values(form.data, zone), "redirect.params": _parameters(form, None)}.items()
    return _body({name: value for name, value in given if value or name == "redirect.winner"}, form, tags, None)


def to_update(form: LinkForm, tags: list[str], zone: tzinfo, link: Link) -> dict[str, Any]:
    """The body of an edit: what differs from the link as it was shown. What was emptied is cleared, but its code."""
    before, after = _values(shown(link, zone), zone), _values(form.data, zone)
    changed = {name: value for name, value in after.items() if value != before.get(name)}
    changed = {name: value for name, value in changed.items() if value or name not in {"key", "domain", "url"}}
    parameters = _parameters(form, link)
    if parameters != (link.redirect or {}).get("params"):
        changed["redirect.params"] = parameters
    return _body(changed, form, tags, link)


def _values(data: dict[str, Any], zone: tzinfo) -> dict[str, Any]:
    """Each field's value by its name in the API, null where there is none; those below `redirect` as `redirect.x`."""
    geo = {each["country"]: each["url"] for each in data["geo"] if each["url"]}
    variants = [{"url": each["url"], "percentage": each["percentage"]} for each in data["variants"] if each["url"]]
    return {
        **{wire: data[name] or None for name, wire in _TEXTS.items()},
        **{wire: bool(data[name]) for name, wire in _FLAGS.items()},
        "domain": data["domain"] or None,
        "tagIds": sorted(data["tag_ids"] or ()),
        "expiresAt": _moment(data["expires_at"], zone),
        "geo": geo or None,
        "testVariants": variants[:VARIANTS] or None,
        **{f"redirect.{wire}": data[name] or None for name, wire in _REDIRECT.items()},
        "redirect.startsAt": _moment(data["starts_at"], zone),
        "redirect.status": int(data["status"]) if data["status"] else None,
        "redirect.winner": int(data["winner"]) if data["winner"] else None,
    }


def _parameters(form: LinkForm, link: Link | None) -> dict[str, str] | None:
    """`redirect.params`: what the edge adds to whichever destination it chooses. The API writes a campaign into `url` alone.

    A parameter that was made by other means stays.
    """
    redirect = (link.redirect if link else None) or {}
    found = dict(redirect.get("params") or {})
    elsewhere = form.leads_elsewhere() or redirect.get("rules")
    for name in UTM:
        if found.get(name) in (None, getattr(link, name, None)):
            found.pop(name, None)
            if elsewhere and form[name].data:
                found[name] = form[name].data
    return found or None


def _body(changed: dict[str, Any], form: LinkForm, tags: list[str], link: Link | None) -> dict[str, Any]:
    body = {name: value for name, value in changed.items() if not name.startswith("redirect.")}
    below = {name.removeprefix("redirect."): changed[name] for name in changed.keys() - body.keys()}
    if below:
        redirect = {**((link.redirect if link else None) or {}), **below}
        body["redirect"] = {name: value for name, value in redirect.items() if value is not None} or None
    if "disabledAt" in body:
        body["disabledAt"] = datetime.now(UTC).isoformat() if body["disabledAt"] else None
    if tags:  # by their names, beside those that were chosen
        body |= {"tagIds": sorted(form.tag_ids.data or ()), "tagNames": tags}
    if form.no_password.data:
        body["password"] = None
    elif form.password.data:
        body["password"] = form.password.data
    return body


def _local(moment: datetime | None, zone: tzinfo) -> datetime | None:
    """As the form's field has it: without a zone, to the minute."""
    return moment and moment.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)


def _moment(local: datetime | None, zone: tzinfo) -> str | None:
    return local.replace(tzinfo=zone).astimezone(UTC).isoformat() if local else None
