"""A visit as text, for the batch that origin reads (shared.click_event): written by parts, of which most repeat."""

import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from redirector.address import split_url
from redirector.ports import VISITOR_HEADERS, Facts, Request

# Longer values are cut: they come from the visitor, and many of them share one message.
_MOST_CHARACTERS = {
    "ip": 45,
    "user_agent": 512,
    "referer": 1024,
    "language": 128,
    "query": 1024,
}
_CF_NAMES = {"regionCode": "region", "asOrganization": "network"}
_MOST_VISITORS = 2_000
_MOST_REMEMBERED = 6_000  # characters of what one visitor sent
_IPV4 = 4
# What is told of a visitor who objects to being tracked.
_ANONYMOUS = ("country", "continent")
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

_HEAD = ',"kind":"head"'

# One answered request, as cheaply as it could be kept: unix seconds, KnownLink.click_fragment, method, URL, and itself.
Visit: TypeAlias = tuple[float, str, str, str, Request]


class ClickWriter:
    """Writes visits as JSON; remembers the part that a visitor's browser and place make, which is what costs time.

    `ip` is full, truncated or none; `signals`, for visitors with Do-Not-Track or Global Privacy Control, is ignore,
    anonymous or skip.
    """

    def __init__(self, isolate: str, ip: str = "full", signals: str = "ignore") -> None:
        self._isolate = isolate
        self._ip = ip
        self._signals = signals
        self._count = 0
        self._visitors: dict[str, _Seen] = {}

    def write(self, visits: Sequence[Visit], facts: Facts) -> list[str]:
        """The click event (shared.click_event) of each visit that is to be recorded; `facts` are those of their requests."""
        clicks = []
        for (at, link, method, url, _), headers, place in zip(visits, *facts, strict=True):
            _, first, rest = headers.split("\n", 2)
            address = first.strip(" ,")
            seen = self._visitors.get(rest + place) or self._remember(rest, place)
            if seen.skipped:
                continue
            extra = seen.kind if method != "HEAD" else _HEAD
            if seen.has_address and address != "null":
                extra += self._address(address)
            if "?" in url:
                extra += _query(url, known_trigger='"trigger":' in link)
            told = link
            if not link.startswith('"id":'):  # a visit that was told its id before brings it along
                self._count += 1
                told = f'"id":"{self._isolate}-{self._count}",{link}'
            clicks.append(f'{{"at":{int(at * 1000)},{told}{seen.fragment}{extra}}}')
        return clicks

    def _address(self, quoted: str) -> str:
        """The member of a click for an address that is JSON already."""
        if self._ip == "none" or quoted == '""':
            return ""
        if self._ip == "full" and len(quoted) <= _MOST_CHARACTERS["ip"]:
            return f',"ip":{quoted}'
        given = json.loads(quoted)[: _MOST_CHARACTERS["ip"]]
        text = given if self._ip == "full" else truncated(given)
        return f',"ip":{json.dumps(text)}' if text else ""

    def _remember(self, rest: str, place: str) -> "_Seen":
        """`rest` are the headers without the address."""
        seen = _describe(read_facts(f"[null,{rest}", place), self._signals)
        if len(rest) + len(place) <= _MOST_REMEMBERED:
            if len(self._visitors) >= _MOST_VISITORS:
                self._visitors.clear()
            self._visitors[rest + place] = seen
        return seen


def read_facts(headers: str, place: str) -> dict[str, Any]:
    """One request's members of Facts: each of VISITOR_HEADERS, and the place as `cf`."""
    return dict(zip(VISITOR_HEADERS, json.loads(headers), strict=True)) | {"cf": json.loads(place)}


def nothing_seen(visits: int) -> Facts:
    """The facts of so many requests that say nothing."""
    return [json.dumps([None] * len(VISITOR_HEADERS), indent=1)] * visits, ["null"] * visits


@dataclass(frozen=True, slots=True)
class _Seen:
    """What headers and place make of a click: members as JSON, with a comma before each."""

    fragment: str
    kind: str
    has_address: bool
    skipped: bool


def truncated(address: str) -> str:
    """The network of an IP address: 24 bits of an IPv4 address, 48 of an IPv6 address. Empty for what is neither."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    bits = 24 if ip.version == _IPV4 else 48
    return str(ipaddress.ip_network((ip, bits), strict=False).network_address)


def _describe(seen: dict[str, Any], signals: str) -> _Seen:
    fields = {
        "user_agent": seen["user-agent"],
        "referer": seen["referer"],
        "language": seen["accept-language"],
    }
    place = seen.get("cf") or {}
    fields |= {_CF_NAMES.get(name, name): value for name, value in place.items()}
    objects = seen.get("dnt") == "1" or seen.get("sec-gpc") == "1"
    anonymous = objects and signals == "anonymous"
    if anonymous:
        fields = {name: value for name, value in place.items() if name in _ANONYMOUS}
    kind = kind_of(seen)
    member = "" if kind == "click" else f',"kind":"{kind}"'
    return _Seen(_members(fields), member, not anonymous, objects and signals == "skip")


def _members(fields: dict[str, Any]) -> str:
    text = json.dumps({name: _cut(name, value) for name, value in fields.items() if value}, separators=(",", ":"))
    return "," + text[1:-1] if text != "{}" else ""


def kind_of(seen: dict[str, Any]) -> str:
    """What a GET was, by the headers that browsers and messengers send: click, prefetch or preview."""
    purpose = " ".join(seen[name] or "" for name in ("sec-purpose", "purpose", "x-purpose", "x-moz")).lower()
    if "prefetch" in purpose or "prerender" in purpose:
        return "prefetch"
    agent = (seen["user-agent"] or "").lower()
    if "preview" in purpose or any(name in agent for name in _PREVIEW_AGENTS):
        return "preview"
    return "click"


def _query(url: str, *, known_trigger: bool) -> str:
    query = split_url(url)[2][: _MOST_CHARACTERS["query"]]
    if not query:
        return ""
    # The QR codes that Nearhop draws lead to `?qr=1`.
    trigger = ',"trigger":"qr"' if not known_trigger and parse_qs(query).get("qr") == ["1"] else ""
    return f',"query":{json.dumps(query)}{trigger}'


def _cut(name: str, value: Any) -> Any:
    return value[: _MOST_CHARACTERS.get(name, 128)] if isinstance(value, str) else value
