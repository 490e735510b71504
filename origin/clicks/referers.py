"""Where a visitor came from: the referring host, and the channel it belongs to."""

import re
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from origin.clicks.text import DIRECT, LONGEST_NAME

UTM_NAMES = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
# What advertising networks add to the links that they were paid for.
_CLICK_ID = re.compile(r"(?:^|&)(?:gclid|gbraid|wbraid|msclkid|ttclid|twclid|li_fat_id)=")
_PAID_MEDIA = frozenset(
    {"cpc", "ppc", "cpm", "cpv", "paid", "paidsearch", "paid_search", "paidsocial", "paid_social", "display"}
)
_EMAIL_MEDIA = frozenset({"email", "e-mail", "newsletter"})
_HOSTS = {  # exactly these
    "ai": "chatgpt.com chat.openai.com claude.ai perplexity.ai gemini.google.com copilot.microsoft.com chat.deepseek.com"
    " chat.mistral.ai grok.com meta.ai poe.com",
    "social": "x.com t.co t.me youtu.be fb.me fb.com lnkd.in bsky.app vk.com news.ycombinator.com",
}
_LABELS = {  # anywhere before the public suffix, so that google.de, news.google.com and google.co.uk are one
    "search": "google bing duckduckgo yahoo yandex baidu ecosia qwant startpage naver seznam sogou kagi",
    "social": "facebook instagram twitter linkedin reddit youtube pinterest tiktok threads mastodon tumblr weibo snapchat"
    " whatsapp telegram discord quora messenger",
}
_CHANNEL_OF_HOST = {host: channel for channel, hosts in _HOSTS.items() for host in hosts.split()}
_CHANNEL_OF_LABEL = {label: channel for channel, labels in _LABELS.items() for label in labels.split()}
_MAIL = ("mail.", "webmail.", "outlook.live.", "outlook.office", "com.google.android.gm")


@lru_cache(maxsize=20_000)
def host_of(referer: str) -> str:
    """The host of a Referer header without `www.`, or `(direct)` where there is none."""
    try:
        host = urlsplit(referer.strip()).hostname or ""
    except ValueError:  # such as an unfinished IPv6 address
        host = ""
    return host.removeprefix("www.")[:LONGEST_NAME] or DIRECT


def utm_of(url: str, query: str) -> dict[str, str]:
    """The five UTM parameters: those of the destination, else those of the visitor's own request."""
    found = {}
    for text in (query, urlsplit_query(url)):
        if "utm_" in text:
            found.update({name: value for name, value in parse_qsl(text) if name in UTM_NAMES})
    return found


def parameters_of(url: str, query: str, names: frozenset[str]) -> dict[str, str]:
    """Those of these query parameters that are there: of the destination, else of the request. Without U+0000."""
    found = {}
    for text in (query, urlsplit_query(url)) if names else ():
        if text:
            pairs = ((name, value.replace("\0", "")) for name, value in parse_qsl(text) if name in names)
            found.update({name: value[:LONGEST_NAME] for name, value in pairs if value})
    return found


def urlsplit_query(url: str) -> str:
    """The query of a URL as it stands there, for URLs that urlsplit refuses as well."""
    return url.partition("#")[0].partition("?")[2] if "?" in url else ""


def channel_of(host: str, domain: str, medium: str, query: str) -> str:
    """paid, email, ai, search, social, internal, referral or direct."""
    if medium in _PAID_MEDIA or ("=" in query and _CLICK_ID.search(query)):
        return "paid"
    if medium in _EMAIL_MEDIA or host.startswith(_MAIL):
        return "email"
    if host == DIRECT:
        return "direct"
    return "internal" if host == domain else _channel_of_host(host)


@lru_cache(maxsize=20_000)
def _channel_of_host(host: str) -> str:
    if host in _CHANNEL_OF_HOST:
        return _CHANNEL_OF_HOST[host]
    labels = host.split(".")[-3:-1] if host.count(".") > 1 else host.split(".")[:1]
    return next((_CHANNEL_OF_LABEL[label] for label in labels if label in _CHANNEL_OF_LABEL), "referral")
