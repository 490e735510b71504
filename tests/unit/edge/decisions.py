# ruff: noqa: E501  # user agents are as long as they are
"""Generated links with rules, generated requests, and a slow, obvious reading of docs/edge.md to compare the edge with."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from redirector.visitor import own_cookie

# User-Agent, then what a person would say of it: device, system, its version, browser.
AGENTS: list[tuple[str, str, str, list[int], str]] = [
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
     "desktop", "windows", [10, 0], "chrome"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0",
     "desktop", "windows", [10, 0], "edge"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
     "desktop", "macos", [10, 15, 7], "safari"),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "desktop", "linux", [], "firefox"),
    ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
     "desktop", "chromeos", [14541, 0, 0], "chrome"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
     "mobile", "ios", [17, 5], "safari"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 15_0_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0 Mobile/15E148 Safari/604.1",
     "mobile", "ios", [15, 0, 1], "chrome"),
    ("Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
     "tablet", "ios", [16, 6], "safari"),
    ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
     "mobile", "android", [14], "chrome"),
    ("Mozilla/5.0 (Linux; Android 9; SM-T510) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
     "tablet", "android", [9], "chrome"),
    ("Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0 Mobile Safari/537.36",
     "mobile", "android", [13], "samsung"),
    ("Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/7.0 TV Safari/537.36",
     "tv", "linux", [], "safari"),
    ("Mozilla/5.0 (Linux; Android 9; AFTMM Build/PS7223) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0 Mobile Safari/537.36",
     "tv", "android", [9], "chrome"),
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot", "", [], ""),
    ("curl/8.5.0", "bot", "", [], ""),
    ("", "", "", [], ""),
]  # fmt: skip
PLACES: list[dict[str, str]] = [
    {"country": "DE", "regionCode": "BY", "city": "München", "continent": "EU"},
    {"country": "DE", "regionCode": "BE", "city": "Berlin", "continent": "EU"},
    {"country": "US", "regionCode": "TX", "city": "Austin", "continent": "NA"},
    {"country": "US", "regionCode": "CA", "city": "San Francisco", "continent": "NA"},
    {"country": "GB", "regionCode": "ENG", "city": "London", "continent": "EU"},
    {"country": "JP", "regionCode": "13", "city": "Tokyo", "continent": "AS"},
    {"country": "BR", "continent": "SA"},
    {},
]
EU = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"
LANGUAGES = [
    "", "de", "de-AT,de;q=0.9,en;q=0.5", "en-US,en;q=0.9", "fr;q=0.3,en;q=0.8", "nl,*;q=0.1", "pt", "pt-BR,pt;q=0.4",
    "de;q=0,en", "ja,de;q=0.7,fr;q=0.7", "en;q=nonsense,fr;q=0.2",
]  # fmt: skip
QUERIES = ["", "ref=mail", "ref=ad&x=1", "ref=", "x=2&x=3", "REF=mail", "a%20b=c%26d"]
REFERERS = ["", "https://news.example.org/a?b", "https://example.org/", "http://EXAMPLE.com:8080/x", "not a url"]
ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Pacific/Kiritimati"]


@dataclass(frozen=True)
class Case:
    """One link and one request."""

    options: dict[str, Any]
    agent: int
    place: dict[str, str]
    language: str
    query: str
    referer: str
    returning: bool

    def headers(self, number: int) -> dict[str, str]:
        """Of the request for the link that stands at this number's place."""
        found = {"User-Agent": AGENTS[self.agent][0], "Accept-Language": self.language, "Referer": self.referer}
        if self.returning:
            found["Cookie"] = f"other=1; {own_cookie('nh_seen', f'case{number}')}=1"
        return {name: value for name, value in found.items() if value}


def cases(count: int, seed: int, now: float) -> list[Case]:
    """The same ones for the same seed; date windows lie around `now`."""
    draw = random.Random(seed)
    return [
        Case(
            options=_options(draw, now),
            agent=draw.randrange(len(AGENTS)),
            place=draw.choice(PLACES),
            language=draw.choice(LANGUAGES),
            query=draw.choice(QUERIES),
            referer=draw.choice(REFERERS),
            returning=draw.random() < 0.5,
        )
        for _ in range(count)
    ]


def _options(draw: random.Random, now: float) -> dict[str, Any]:
    rules = []
    for number in range(draw.randrange(1, 6)):
        rule: dict[str, Any] = {"url": f"https://example.com/rule{number}"}
        for part, most in (("when", 3), ("unless", 1)):
            if conditions := dict(_condition(draw, now) for _ in range(draw.randrange(0, most + 1))):
                rule[part] = conditions | ({"zone": draw.choice(ZONES)} if draw.random() < 0.7 else {})
        rules.append(rule)
    options: dict[str, Any] = {"rules": rules}
    for name in ("ios", "android"):
        if draw.random() < 0.3:
            options[name] = f"https://example.com/{name}"
    if draw.random() < 0.4:
        options["geo"] = {
            country: f"https://example.com/{country}" for country in draw.sample(["DE", "US", "GB", "JP"], 2)
        }
    return options


def _condition(draw: random.Random, now: float) -> tuple[str, Any]:
    def some(*values: Any) -> list[Any]:
        return draw.sample(values, draw.randrange(1, min(3, len(values)) + 1))

    hour = f"{draw.randrange(24):02}:{draw.choice(['00', '30'])}"
    return draw.choice(
        [
            ("country", some("DE", "US", "GB", "JP", "FR")),
            ("region", some("BY", "US-TX", "CA", "GB-ENG", "US-BY")),
            ("city", some("MÜNCHEN", "austin", "Tokyo", "Paris")),
            ("continent", some("EU", "NA", "AS")),
            ("eu", draw.random() < 0.5),
            ("device", some("mobile", "tablet", "desktop", "tv", "bot")),
            ("os", some("ios", "android", "windows", "macos", "linux", "chromeos")),
            (
                "os_version",
                draw.choice([{"min": "14"}, {"max": "16"}, {"min": "10.0", "max": "17"}, {"min": "15.0.2"}]),
            ),
            ("browser", some("chrome", "safari", "firefox", "edge", "samsung")),
            ("language", some("de", "en", "fr", "pt-BR", "pt", "en-GB")),
            ("after", int((now + draw.choice([-86_400, 86_400])) * 1000)),
            ("before", int((now + draw.choice([-86_400, 86_400])) * 1000)),
            ("weekday", some(1, 2, 3, 4, 5, 6, 7)),
            ("hours", [hour, draw.choice(["06:30", "12:00", "23:30", "24:00"])]),
            ("query", draw.choice([{"ref": ["mail"]}, {"ref": []}, {"x": ["3", "4"], "ref": []}, {"a b": ["c&d"]}])),
            ("referrer", some("example.org", "news.example.org", "example.com", "")),
            ("returning", draw.random() < 0.5),
        ]
    )


@dataclass
class Reference:
    """Decides a case by doing literally what the documentation says."""

    now: float
    trace: list[str] = field(default_factory=list)

    def destination(self, case: Case, otherwise: str) -> str:
        system = AGENTS[case.agent][2]
        for rule in case.options["rules"]:
            when, unless = rule.get("when", {}), rule.get("unless", {})
            named = self._named_languages(case)
            all_hold = True
            for name, value in when.items():
                if name != "zone" and not self._holds(name, value, when, case, named):
                    all_hold = False
            none_holds = True
            for name, value in unless.items():
                if name != "zone" and self._holds(name, value, unless, case, named):
                    none_holds = False
            if all_hold and none_holds:
                return str(rule["url"])
        if system == "ios" and "ios" in case.options:
            return str(case.options["ios"])
        if system == "android" and "android" in case.options:
            return str(case.options["android"])
        return str(case.options.get("geo", {}).get(case.place.get("country"), otherwise))

    def _holds(  # noqa: C901, PLR0911, PLR0912  # one branch a line of the documentation's table
        self, name: str, value: Any, siblings: dict[str, Any], case: Case, named: list[str]
    ) -> Any:
        device, system, version, browser = AGENTS[case.agent][1:]
        place = case.place
        if name in ("country", "continent"):
            return place.get(name) in value
        if name == "region":
            code = place.get("regionCode")
            return code is not None and (code in value or place["country"] + "-" + code in value)
        if name == "city":
            return place.get("city", "?").lower() in [each.lower() for each in value]
        if name == "eu":
            return (place.get("country") in EU.split()) == value
        if name == "device":
            return device in value
        if name == "os":
            return system in value
        if name == "browser":
            return browser in value
        if name == "os_version":
            return self._version_fits(version, value)
        if name == "language":
            return self._preferred(case.language, named) in value
        if name == "after":
            return self.now * 1000 >= value
        if name == "before":
            return self.now * 1000 < value
        if name in ("weekday", "hours"):
            local = datetime.fromtimestamp(self.now, UTC).astimezone(ZoneInfo(siblings.get("zone", "UTC")))
            if name == "weekday":
                return local.isoweekday() in value
            clock = local.strftime("%H:%M")
            first, end = value
            return first <= clock < end if first <= end else clock >= first or clock < end
        if name == "query":
            pairs = parse_qsl(case.query, keep_blank_values=True)
            return all(
                any(given == wanted and (not values or text in values) for given, text in pairs)
                for wanted, values in value.items()
            )
        if name == "referrer":
            host = urlsplit(case.referer).hostname or ""
            labels = host.split(".")
            above = [".".join(labels[number:]) for number in range(len(labels))]
            return any(each in above for each in value)
        assert name == "returning"
        return case.returning == value

    def _version_fits(self, version: list[int], value: dict[str, str]) -> bool:
        if not version:
            return False
        if "min" in value:
            least = [int(part) for part in value["min"].split(".")]
            if version + [0] * len(least) < least:
                return False
        if "max" in value:
            most = [int(part) for part in value["max"].split(".")]
            if version[: len(most)] > most:
                return False
        return True

    def _named_languages(self, case: Case) -> list[str]:
        found: list[str] = []
        for rule in case.options["rules"]:
            for part in ("when", "unless"):
                found += rule.get(part, {}).get("language", [])
        return found

    def _preferred(self, header: str, named: list[str]) -> str | None:
        """For each named language its best fitting range; then the highest quality, then the one that comes first."""
        wishes = []
        for position, part in enumerate(header.split(",")):
            tag, _, q = part.strip().partition(";q=")
            try:
                wishes.append((tag.lower(), float(q or 1), position))
            except ValueError:
                wishes.append((tag.lower(), 0.0, position))
        scores: dict[str, tuple[float, int]] = {}
        for language in named:
            low = language.lower()
            exact = [wish for wish in wishes if wish[0] == low]
            narrower = [wish for wish in wishes if wish[0].startswith(low + "-")]
            wider = [wish for wish in wishes if wish[0] and low.startswith(wish[0] + "-")]
            any_ = [wish for wish in wishes if wish[0] == "*"]
            fitting = exact or narrower or wider or any_
            if fitting:
                best = max(fitting, key=lambda wish: (wish[1], -wish[2]))
                if best[1] > 0:
                    scores[language] = (best[1], -best[2])
        if not scores:
            return None
        return max(scores, key=lambda language: scores[language])


def path_of(number: int, case: Case) -> str:
    """Where a case's link stands."""
    return f"/case{number}" + (f"?{case.query}" if case.query else "")
