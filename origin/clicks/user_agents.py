"""What a User-Agent header says: browser, system, device and whether it is a robot.

Slow: the enricher remembers what it was told, as few headers come often.
"""

import re
from importlib.metadata import version
from typing import NamedTuple

from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from ua_parser import OS, Device, Result, UserAgent, parse

from origin.clicks.text import UNKNOWN

VERSIONS = f"ua-parser {version('ua-parser-builtins')}, crawlers {version('crawler-user-agents')}"
NO_USER_AGENT = "no user agent"

# The parser tells builds of one browser apart; people don't.
_BROWSERS = {
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile WebView": "Chrome",
    "Chromium": "Chrome",
    "HeadlessChrome": "Chrome",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Edge Mobile": "Edge",
    "Opera Mobile": "Opera",
    "Opera Mini": "Opera",
    "Opera Touch": "Opera",
    "IE Mobile": "IE",
}
_SYSTEMS = {
    "Mac OS X": "Mac",
    "Ubuntu": "Linux",
    "Debian": "Linux",
    "Fedora": "Linux",
    "Red Hat": "Linux",
    "SUSE": "Linux",
}
# The first mark that is there decides: Blink says that it is like WebKit, and all that they are like Gecko.
_ENGINES = {
    "Trident/": "Trident",
    "MSIE ": "Trident",
    "Presto/": "Presto",
    "Edge/": "EdgeHTML",
    "Chrome/": "Blink",
    "Chromium/": "Blink",
    "AppleWebKit/": "WebKit",
    "Gecko/": "Gecko",
}
_TELEVISION = re.compile(r"\bTV\b|SmartTV|SMART-TV|BRAVIA|AFT[A-Z]|CrKey|Roku", re.IGNORECASE)
_CHUNK = 100  # one alternation of all the patterns would be slower than a few


class AgentFacts(NamedTuple):
    """`bot_name` is empty for what looks like a person's browser."""

    bot_name: str
    device: str
    device_brand: str
    device_model: str
    browser: str
    browser_version: str
    engine: str
    os: str
    os_version: str


def _crawler_patterns() -> list[re.Pattern[str]]:
    patterns = [each["pattern"] for each in CRAWLER_USER_AGENTS_DATA]
    return [re.compile("|".join(patterns[start : start + _CHUNK])) for start in range(0, len(patterns), _CHUNK)]


_CRAWLERS = _crawler_patterns()


def read(user_agent: str) -> AgentFacts:
    """The facts of one header."""
    result: Result = parse(user_agent)
    browser = result.user_agent or UserAgent(UNKNOWN)
    system = result.os or OS(UNKNOWN)
    device = result.device or Device("")
    return AgentFacts(
        bot_name=bot_name(user_agent),
        device=_device_class(user_agent, system.family),
        device_brand=device.brand or "",
        device_model=device.model or "",
        browser=_BROWSERS.get(browser.family, browser.family),
        browser_version=_version(browser.major, browser.minor, browser.patch),
        engine=_engine(user_agent),
        os=_SYSTEMS.get(system.family, system.family),
        os_version=_version(system.major, system.minor, system.patch),
    )


def bot_name(user_agent: str) -> str:
    """The part of the header that gives a robot away; empty when nothing does. Every browser sends the header."""
    if not user_agent.strip():
        return NO_USER_AGENT
    for pattern in _CRAWLERS:
        if match := pattern.search(user_agent):
            return match[0].strip(" /;()")[:60] or user_agent[:60]
    return ""


def _device_class(user_agent: str, system: str) -> str:
    if _TELEVISION.search(user_agent):
        return "TV"
    if "iPad" in user_agent or "Tablet" in user_agent or (system == "Android" and "Mobile" not in user_agent):
        return "Tablet"
    if "Mobi" in user_agent or system in ("iOS", "Android", "Windows Phone", "KaiOS"):
        return "Mobile"
    return UNKNOWN if system == UNKNOWN else "Desktop"


def _engine(user_agent: str) -> str:
    """What draws the pages. On iPhones and iPads that is WebKit, whatever the browser is called."""
    if "iPhone" in user_agent or "iPad" in user_agent:
        return "WebKit"
    return next((engine for mark, engine in _ENGINES.items() if mark in user_agent), UNKNOWN)


def _version(*parts: str | None) -> str:
    return ".".join(part for part in parts if part)
