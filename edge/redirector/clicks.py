"""A visit as text, for the batch that origin reads (shared.click_event): written by parts, of which most repeat."""

import json
from typing import Any, NamedTuple
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
_MOST_VISITOR_CHARACTERS = 4_096
_MOST_HEADER_CHARACTERS = 1_024
_MOST_URL_CHARACTERS = 4_096
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


class Visit(NamedTuple):
    """One answered request, as cheaply as it could be written down."""

    at: int  # unix milliseconds
    link: str  # KnownLink.click_fragment
    url: str  # of the request
    method: str
    cf: str  # what follows the method in Runtime.facts: `,"cf":{...}}` or `}`
    visitor: str  # Runtime.visitor


def visit_of(at: int, link: str, url: str, method: str, cf: str, visitor: str) -> Visit:
    """A visit whose strings have a bound, whatever the visitor sent; for the ordinary one it costs two comparisons."""
    if len(visitor) > _MOST_VISITOR_CHARACTERS:
        visitor = "\n".join(value[:_MOST_HEADER_CHARACTERS] for value in visitor.split("\n"))
    if len(url) > _MOST_URL_CHARACTERS:
        url = url[:_MOST_URL_CHARACTERS]
    return Visit(at, link, url, method, cf, visitor)


class ClickWriter:
    """Writes visits as JSON; remembers the part that a visitor's browser and place make, which is what costs time."""

    def __init__(self, isolate: str) -> None:
        self._isolate = isolate
        self._count = 0
        self._visitors: dict[tuple[str, str], tuple[str, str]] = {}

    def write(self, visit: Visit) -> str:
        """One click event."""
        self._count += 1
        ip, _, rest = visit.visitor.partition("\n")
        fragment, kind = self._visitor(rest, visit.cf)
        kind = "head" if visit.method == "HEAD" else kind
        extra = f',"kind":"{kind}"' if kind != "click" else ""
        if ip:
            extra += f',"ip":{json.dumps(ip[: _MOST_CHARACTERS["ip"]])}'
        if "?" in visit.url:
            extra += _query(visit.url)
        return f'{{"id":"{self._isolate}-{self._count}","at":{visit.at},{visit.link}{fragment}{extra}}}'

    def _visitor(self, headers: str, cf: str) -> tuple[str, str]:
        known = self._visitors.get((headers, cf))
        if known is None:
            if len(self._visitors) >= _MOST_VISITORS:
                self._visitors.clear()
            known = self._visitors[headers, cf] = _describe(headers, cf)
        return known


def _describe(headers: str, cf: str) -> tuple[str, str]:
    """The members that headers and place make, with a comma before each, and the kind of request."""
    values = dict(zip(VISITOR_HEADERS[1:], headers.split("\n"), strict=True))
    fields: dict[str, Any] = {
        "user_agent": values["user-agent"],
        "referer": values["referer"],
        "language": values["accept-language"],
    }
    place = json.loads("{" + cf.removeprefix(",")) if cf != "}" else {}
    fields |= {_CF_NAMES.get(name, name): value for name, value in (place.get("cf") or {}).items()}
    text = json.dumps({name: _cut(name, value) for name, value in fields.items() if value}, separators=(",", ":"))
    return ("," + text[1:-1] if text != "{}" else ""), kind_of(values)


def kind_of(values: dict[str, str]) -> str:
    """What a GET was, by the headers that browsers and messengers send: click, prefetch or preview."""
    purpose = " ".join(values[name] for name in ("sec-purpose", "purpose", "x-purpose", "x-moz")).lower()
    if "prefetch" in purpose or "prerender" in purpose:
        return "prefetch"
    agent = values["user-agent"].lower()
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
