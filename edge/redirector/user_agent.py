"""What rules ask about a browser: a handful of names. For the statistics, origin reads the User-Agent in full."""

import re
from functools import lru_cache
from typing import NamedTuple


class Agent(NamedTuple):
    """Each text is empty, and the version too, where it can't be told."""

    device: str  # desktop, mobile, tablet, tv, bot
    os: str  # ios, android, windows, macos, linux, chromeos
    os_version: tuple[int, ...]
    browser: str  # chrome, safari, firefox, edge, opera, samsung, ie


_BOT = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|facebookexternalhit|embedly|preview|headless|lighthouse|curl/|wget/|python-|go-http"
)
_TV = re.compile(
    r"smart-?tv|apple ?tv|googletv|android tv|hbbtv|bravia|\baft[a-z]+\b|roku|tizen.*\btv|web0s|netcast|crkey|viera"
)
_TABLET = re.compile(r"ipad|tablet|kindle|silk/|playbook|android(?!.*mobile)")
_MOBILE = re.compile(r"iphone|ipod|mobile|windows phone|android")
_SYSTEMS = (
    ("ios", re.compile(r"(?:iphone|ipad|ipod).*? os (\d[\d_]*)|iphone|ipad|ipod")),
    ("android", re.compile(r"android (\d[\d.]*)|android")),
    ("windows", re.compile(r"windows(?: nt| phone)? (\d[\d.]*)|windows")),
    ("chromeos", re.compile(r"\bcros \S+ (\d[\d.]*)|\bcros\b")),
    ("macos", re.compile(r"macintosh.*?mac os x (\d[\d_.]*)|mac os x|macintosh")),
    ("linux", re.compile(r"linux|x11;()")),
)
# In this order: most browsers also say that they are Chrome and Safari.
_BROWSERS = (
    ("edge", re.compile(r"edg(?:e|a|ios)?/")),
    ("opera", re.compile(r"opr/|opera|opios/")),
    ("samsung", re.compile(r"samsungbrowser/")),
    ("firefox", re.compile(r"firefox/|fxios/")),
    ("ie", re.compile(r"msie |trident/")),
    ("chrome", re.compile(r"chrome/|crios/|chromium/")),
    ("safari", re.compile(r"safari/")),
)
_DESKTOPS = ("windows", "macos", "linux", "chromeos")


@lru_cache(maxsize=2_000)
def read_agent(header: str) -> Agent:
    """The agent of a User-Agent header."""
    text = header.lower()
    os, version = _system(text)
    browser = next((name for name, pattern in _BROWSERS if pattern.search(text)), "")
    return Agent(_device(text, os), os, version, browser)


def version_numbers(text: str) -> tuple[int, ...]:
    """The numbers of `17.5` or `17_5`; raises ValueError for anything else."""
    return tuple(int(part) for part in text.replace("_", ".").strip(".").split("."))


def _system(text: str) -> tuple[str, tuple[int, ...]]:
    for name, pattern in _SYSTEMS:
        found = pattern.search(text)
        if found:
            return name, version_numbers(found.group(1)) if found.group(1) else ()
    return "", ()


def _device(text: str, os: str) -> str:
    for name, pattern in (("bot", _BOT), ("tv", _TV), ("tablet", _TABLET), ("mobile", _MOBILE)):
        if pattern.search(text):
            return name
    return "desktop" if os in _DESKTOPS else ""
