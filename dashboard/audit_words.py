"""The audit log in words: what was done as a sentence, and what differs field by field."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from dashboard.formats import when
from dashboard.team_types import AuditLog

# What each action is called after who did it; {} is the name of what it was done to.
SENTENCES = {
    "api_key.create": "made the API key {}", "api_key.delete": "deleted the API key {}",
    "api_key.rotate": "gave the API key {} another text", "api_key.update": "changed the API key {}",
    "customer.delete": "deleted the customer {}", "customer.update": "changed the customer {}",
    "domain.create": "added the domain {}", "domain.delete": "removed the domain {}", "domain.update": "changed the domain {}",
    "domain.verify": "proved the domain {}", "domain.lose": "found the records of the domain {} gone",
    "folder.create": "made the folder {}", "folder.delete": "deleted the folder {}", "folder.update": "changed the folder {}",
    "invitation.accept": "accepted the invitation of {}", "invitation.create": "invited {}",
    "invitation.resend": "sent the invitation of {} again", "invitation.revoke": "revoked the invitation of {}",
    "link.alias_add": "gave the link {} another code", "link.alias_remove": "took a code of the link {} away",
    "link.close": "closed the link {}, which has had its clicks", "link.create": "made the link {}",
    "link.delete": "deleted the link {}", "link.open_again": "opened the link {} once more",
    "link.quarantine": "put the link {} into quarantine", "link.release": "released the link {} from quarantine",
    "link.restore": "brought an earlier version of the link {} back", "link.update": "changed the link {}",
    "member.join": "let {} in as a member", "member.leave": "left the workspace as {}",
    "member.remove": "removed the member {}",
    "member.update": "changed the role of {}", "report.settle": "settled a report about {}",
    "tag.create": "made the tag {}", "tag.delete": "deleted the tag {}", "tag.update": "changed the tag {}",
    "user.email_changed": "took the e-mail address {}", "user.password_changed": "changed the password of {}",
    "user.password_reset": "set a new password for {} by letter", "user.update": "changed the account {}",
    "workspace.attribution_update": "changed how sales are credited in {}", "workspace.create": "made the workspace {}",
    "workspace.delete": "deleted the workspace {}", "workspace.update": "changed the settings of {}",
}  # fmt: skip
_VERBS = {"create": "made", "update": "changed", "delete": "deleted"}
# Fields whose own names say too little.
_FIELDS = {
    "url": "destination", "key": "code", "ios": "iPhone and iPad", "geo": "country", "proxy": "preview", "comments": "notes",
    "expiresAt": "expires", "startsAt": "opens", "disabledAt": "switched off since", "archived": "archived",
    "maxClicks": "most clicks", "testVariants": "A/B test", "image": "preview image", "slug": "slug",
}  # fmt: skip
_NAMED_IN_SUMMARY = 3


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that differs: what went and what came, each as texts; either may be empty."""

    name: str
    before: list[str]
    after: list[str]


def sentence(entry: AuditLog) -> tuple[str, str]:
    """What was done, before and after the name of what it was done to."""
    noun, _, verb = entry.action.partition(".")
    text = SENTENCES.get(entry.action) or f"{_VERBS.get(verb, words(verb))} the {words(noun)} {{}}"
    before, _, after = text.partition("{}")
    return before, after


def summary(entry: AuditLog) -> str:
    """The fields that an edit changed, as in "destination, title and 2 more"; "" for what was made or deleted."""
    if entry.before is None or entry.after is None:
        return ""
    names = [field_name(each) for each in {**entry.before, **entry.after}]
    more = len(names) - _NAMED_IN_SUMMARY
    listed = ", ".join(names[:_NAMED_IN_SUMMARY])
    return f"{listed} and {more} more" if more > 0 else listed


def differences(entry: AuditLog, zone: tzinfo) -> list[Difference]:
    """Each field that differs, those within a part by themselves; of lists, what went and what came."""
    before, after = dict(_flat(entry.before or {})), dict(_flat(entry.after or {}))
    found = []
    for name in {**before, **after}:
        old, new = _texts(before.get(name), zone), _texts(after.get(name), zone)
        if old != new:
            both = set(old) & set(new)
            gone, come = [each for each in old if each not in both], [each for each in new if each not in both]
            found.append(Difference(name, gone, come) if gone or come else Difference(name, old, new))
    return found


def field_name(name: str) -> str:
    """A field of the API as people call it."""
    return _FIELDS.get(name) or words(name)


def words(name: str) -> str:
    """`api_key` and `apiKey` as words."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").lower()
    return text.replace("utm ", "UTM ").replace("api ", "API ").replace(" id", " ID").replace(" url", " address")


def _flat(state: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in state.items():
        called = f"{above}, {field_name(name)}" if above else field_name(name)
        if isinstance(value, dict) and value:
            yield from _flat(value, called)
        else:
            yield called, value


def _texts(value: Any, zone: tzinfo) -> list[str]:
    if value is None or value in ("", [], {}):
        return []
    if isinstance(value, list):
        return [text for each in value for text in _texts(each, zone)]
    if isinstance(value, dict):
        named = value.get("name")
        return [str(named)] if named else [", ".join(f"{words(name)} {each}" for name, each in value.items())]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return [_moment(value, zone) if isinstance(value, str) else str(value)]


def _moment(text: str, zone: tzinfo) -> str:
    """A moment as the pages write it; any other text as it is."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)", text):
        return text
    try:
        return when(datetime.fromisoformat(text), zone)
    except (ValueError, OverflowError):
        return text
