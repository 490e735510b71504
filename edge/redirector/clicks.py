"""A visit as text, for the batch that origin reads (shared.click_event): written by parts, of which most repeat."""

import json
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from redirector.address import split_url
from redirector.ports import VISITOR_HEADERS

# Longer values are cut: they come from the visitor, and many of them share one message.
_MOST_CHARACTERS = {
    "ip": 45,
    "user_agent": 512,
    "referer": 1024,
    "language": 128,
    "query": 1024,
}
# What a visit may take in the buffer before it is shortened.
MAX_FACTS = 6_000
_MOST_HEADER_CHARACTERS = 1_100
_CF_NAMES = {"regionCode": "region", "asOrganization": "network"}
_MOST_VISITORS = 2_000
# Software that fetches a link to show what is behind it, when somebody pastes the link into a message.
_PREVIEW_AGENTS = (
    "facebookexternalhit",
    "slackbot",
    "slack-imgproxy",
    "twitterbot",
    "discordbot",
    "telegrambot",
    "whatsapp/",
    "linkedinbot",
    "skypeuripreview",
    "embedly",
    "iframely",
    "redditbot",
    "vkshare",
    "pinterestbot",
    "bluesky cardyb",
    "mastodon/",
)


# Between the parts of Runtime.facts. A value's own quotes are escaped, so these are found nowhere else.
_AFTER_URL = f',"{VISITOR_HEADERS[0]}":'
_AFTER_ADDRESS = f',"{VISITOR_HEADERS[1]}":'

# One answered request, as cheaply as it could be written down: unix seconds, KnownLink.click_fragment, Runtime.facts.
Visit: TypeAlias = tuple[float, str, str]


def shorten(facts: str) -> str:
    """Facts of bounded length from such that are longer than MAX_FACTS."""
    seen = json.loads(facts)
    cut = {name: value[:_MOST_HEADER_CHARACTERS] if isinstance(value, str) else value for name, value in seen.items()}
    return json.dumps(cut, ensure_ascii=False, separators=(",", ":"))


class ClickWriter:
    """Writes visits as JSON; remembers the part that a visitor's browser and place make, which is what costs time."""

    def __init__(self, isolate: str) -> None:
        self._isolate = isolate
        self._count = 0
        self._visitors: dict[str, tuple[str, str]] = {}

    def write(self, visit: Visit) -> str:
        """One click event (shared.click_event)."""
        at, link, facts = visit
        self._count += 1
        asked, _, visitor = facts.partition(_AFTER_URL)
        address, _, rest = visitor.partition(_AFTER_ADDRESS)
        fragment, kind = self._visitors.get(rest) or self._remember(rest)
        if asked.startswith('{"method":"HEAD"'):
            kind = "head"
        extra = "" if kind == "click" else f',"kind":"{kind}"'
        if address != "null":
            extra += f',"ip":{json.dumps(json.loads(address)[: _MOST_CHARACTERS["ip"]])}'
        if "?" in asked:
            extra += _query(json.loads(asked + "}")["url"])
        return f'{{"id":"{self._isolate}-{self._count}","at":{int(at * 1000)},{link}{fragment}{extra}}}'

    def _remember(self, rest: str) -> tuple[str, str]:
        if len(self._visitors) >= _MOST_VISITORS:
            self._visitors.clear()
        known = self._visitors[rest] = _describe(json.loads(f'{{"{VISITOR_HEADERS[1]}":{rest}'))
        return known


def _describe(seen: dict[str, Any]) -> tuple[str, str]:
    """The members that headers and place make, with a comma before each, and the kind of request."""
    fields = {
        "user_agent": seen["user-agent"],
        "referer": seen["referer"],
        "language": seen["accept-language"],
    }
    fields |= {_CF_NAMES.get(name, name): value for name, value in (seen.get("cf") or {}).items()}
    text = json.dumps({name: _cut(name, value) for name, value in fields.items() if value}, separators=(",", ":"))
    return ("," + text[1:-1] if text != "{}" else ""), kind_of(seen)


def kind_of(seen: dict[str, Any]) -> str:
    """What a GET was, by the headers that browsers and messengers send: click, prefetch or preview."""
    purpose = " ".join(seen[name] or "" for name in ("sec-purpose", "purpose", "x-purpose", "x-moz")).lower()
    if "prefetch" in purpose or "prerender" in purpose:
        return "prefetch"
    agent = (seen["user-agent"] or "").lower()
    if "preview" in purpose or any(name in agent for name in _PREVIEW_AGENTS):
        return "preview"
    return "click"


def _query(url: str) -> str:
    query = split_url(url)[2][: _MOST_CHARACTERS["query"]]
    if not query:
        return ""
    # The QR codes that Nearhop draws lead to `?qr=1`.
    trigger = ',"trigger":"qr"' if parse_qs(query).get("qr") == ["1"] else ""
    return f',"query":{json.dumps(query)}{trigger}'


def _cut(name: str, value: Any) -> Any:
    return value[: _MOST_CHARACTERS.get(name, 128)] if isinstance(value, str) else value
