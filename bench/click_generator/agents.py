"""What comes to a short link: User-Agent headers of people's browsers, of robots, and of messengers that fetch previews."""

from enum import IntEnum
from typing import NamedTuple

_KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS {os} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_ANDROID = f"Mozilla/5.0 (Linux; Android {{os}}) {_KIT}"
_WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_KIT}"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"


class Group(IntEnum):
    """Who sends a header."""

    PERSON = 0
    BOT = 1
    PREVIEW = 2
    MONITOR = 3


class Agent(NamedTuple):
    """A header and how frequent it is within its group."""

    group: Group
    weight: int
    header: str


_BROWSERS = {
    f"{_WINDOWS} Chrome/{{v}}.0.0.0 Safari/537.36": {"141": 70, "140": 60, "138": 25, "131": 12, "109": 8},
    f"{_MAC} {_KIT} Chrome/{{v}}.0.0.0 Safari/537.36": {"141": 30, "140": 24, "138": 8},
    f"{_WINDOWS} Chrome/{{v}}.0.0.0 Safari/537.36 Edg/{{v}}.0.0.0": {"141": 28, "140": 18},
    f"Mozilla/5.0 (X11; Linux x86_64) {_KIT} Chrome/{{v}}.0.0.0 Safari/537.36": {"141": 8, "139": 4},
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {_KIT} Chrome/{{v}}.0.0.0 Safari/537.36": {"140": 6},
    f"{_MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{{v}} Safari/605.1.15": {
        "18.6": 28,
        "26.0": 16,
        "17.6": 8,
    },
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0": {"143": 14, "142": 8, "128": 5},
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0": {"143": 5},
    f"{_WINDOWS} Chrome/{{v}}.0.0.0 Safari/537.36 OPR/122.0.0.0": {"138": 6},
    f"{_IPHONE} Version/{{v}} Mobile/15E148 Safari/604.1".replace("{os}", "18_6"): {"18.6": 105, "18.5": 45},
    f"{_IPHONE} Version/{{v}} Mobile/15E148 Safari/604.1".replace("{os}", "17_6_1"): {"17.6": 30},
    f"{_IPHONE} Version/{{v}} Mobile/15E148 Safari/604.1".replace("{os}", "18_7"): {"26.0": 40},
    f"{_IPHONE} CriOS/{{v}}.0.7390.41 Mobile/15E148 Safari/604.1".replace("{os}", "18_6"): {"141": 18},
    "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{v} Mobile/15E148"
    " Safari/604.1": {"18.6": 14},
    f"{_ANDROID} Chrome/{{v}}.0.0.0 Mobile Safari/537.36".replace("{os}", "10; K"): {"141": 110, "140": 70, "137": 20},
    f"{_ANDROID} Chrome/{{v}}.0.7390.43 Mobile Safari/537.36".replace("{os}", "14; SM-S918B"): {"141": 16},
    f"{_ANDROID} Chrome/{{v}}.0.7390.43 Mobile Safari/537.36".replace("{os}", "15; Pixel 9"): {"141": 12},
    f"{_ANDROID} Chrome/{{v}}.0.7339.51 Mobile Safari/537.36".replace("{os}", "13; 2201117TG"): {"140": 12},
    f"{_ANDROID} SamsungBrowser/{{v}} Chrome/130.0.0.0 Mobile Safari/537.36".replace("{os}", "10; K"): {"28.0": 18},
    f"{_ANDROID} Chrome/{{v}}.0.0.0 Safari/537.36".replace("{os}", "13; SM-X200"): {"141": 6},
    "Mozilla/5.0 (Android 14; Mobile; rv:{v}.0) Gecko/{v}.0 Firefox/{v}.0": {"143": 6},
}
_ROBOTS = {
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": 30,
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)": 14,
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)": 12,
    "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)": 10,
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)": 6,
    f"Mozilla/5.0 {_KIT}; compatible; GPTBot/1.2; +https://openai.com/gptbot)": 14,
    "python-requests/2.32.3": 10,
    "curl/8.5.0": 6,
}
_PREVIEWERS = {
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)": 30,
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)": 25,
    "WhatsApp/2.24.6.77 A": 25,
    "TelegramBot (like TwitterBot)": 12,
    "Twitterbot/1.0": 14,
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)": 12,
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)": 10,
}
_MONITORS = {
    "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)": 20,
    "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)": 8,
}


def _agents() -> list[Agent]:
    people = [
        Agent(Group.PERSON, weight, header.replace("{v}", version))
        for header, versions in _BROWSERS.items()
        for version, weight in versions.items()
    ]
    others = {Group.BOT: _ROBOTS, Group.PREVIEW: _PREVIEWERS, Group.MONITOR: _MONITORS}
    return people + [
        Agent(group, weight, header) for group, headers in others.items() for header, weight in headers.items()
    ]


AGENTS = _agents()
