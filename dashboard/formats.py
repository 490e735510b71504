"""How numbers, times and places are written on the pages."""

from datetime import UTC, datetime, tzinfo
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from shared.currencies import digits

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_WEEK = 7 * _DAY
_LONGEST_ZONE = 64
OTHER = "(other)"  # what origin names the row of a list that stands for all that the list has no place for
_DIRECT = "Direct, or not told"
_WORDS = {
    "continent": {
        "AF": "Africa", "AN": "Antarctica", "AS": "Asia", "EU": "Europe", "NA": "North America", "OC": "Oceania",
        "SA": "South America",
    },
    "trigger": {"link": "Link", "qr": "QR code", "deeplink": "App link"},
    "variant": {str(number): chr(ord("A") + number) for number in range(26)},
}  # fmt: skip


def number(value: int) -> str:
    """1234567 -> "1,234,567"."""
    return f"{value:,}"


def when(value: datetime, zone: tzinfo) -> str:
    """A moment in the reader's time zone: "3 Mar 2026, 14:05"."""
    local = value.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M}"


def day_or_time(value: datetime, zone: tzinfo, *, whole_days: bool) -> str:
    """The day that begins then, where it is about whole days: "3 Mar 2026"."""
    return when(value, zone).partition(",")[0] if whole_days else when(value, zone)


def second(value: datetime, zone: tzinfo) -> str:
    """A moment to the second: "3 Mar 2026, 14:05:09"."""
    return f"{when(value, zone)}:{value.astimezone(zone):%S}"


def ago(value: datetime, now: datetime | None = None) -> str:
    """How long ago, in the largest unit that fits; a date after a week."""
    seconds = int(((now or datetime.now(UTC)) - value).total_seconds())
    if seconds < _MINUTE:
        return "just now"
    if seconds >= _WEEK:
        return f"{value.day} {value:%b %Y}"
    units = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"))
    size, unit = next(each for each in units if seconds >= each[0])
    return f"{seconds // size} {unit} ago"


def without_scheme(url: str) -> str:
    """A URL as people read it: no scheme, no lone slash at the end. What is no URL, which a referrer may be, stays as it is."""
    scheme, colon, text = url.partition("://")
    if not colon or scheme.lower() not in ("http", "https"):
        return url
    return text.removesuffix("/") if text.count("/") == 1 else text


def flag(country: str) -> str:
    """The file of an ISO 3166 code's flag, below static/; empty for what is no code."""
    return f"built/flags/{country.upper()}.svg" if country.upper() in countries() else ""


def country_name(country: str) -> str:
    """The name of an ISO 3166 code, as the time zone database spells it; the code itself where that has none."""
    return countries().get(country.upper(), country) or "Unknown"


def value_of(text: str, field: str) -> str:
    """The opposite of row_label: the value that is written like this, in any case; the text itself where there is none."""
    if field == "region":
        return text.removeprefix("Region ")
    words = countries() if field == "country" else _WORDS.get(field, {})
    known = {name.casefold(): value for value, name in words.items()} | {value.casefold(): value for value in words}
    known |= {_DIRECT.casefold(): "(direct)"} if field == "referer" else {}
    return text.lower() if field == "channel" else known.get(text.casefold(), text)


def money(amount: int, currency: str) -> str:
    """An amount of a currency's smallest unit: 4900 of "usd" -> "49.00 USD"."""
    places = digits(currency.lower())
    return f"{amount / 10**places:,.{places}f} {currency.upper()}"


def percent(share: float, places: int = 1) -> str:
    """0.1234 -> "12.3 %"."""
    return f"{100 * share:.{places}f} %"


def signed(ratio: float) -> str:
    """How much more or less, to the whole percent: 0.12 -> "+12 %"."""
    sign = "+" if ratio > 0 else "\N{MINUS SIGN}" if ratio < 0 else "\N{PLUS-MINUS SIGN}"
    return f"{sign}{abs(ratio) * 100:,.0f} %"


def row_label(value: str, field: str) -> str:
    """A value of a dimension of analytics as people read it."""
    if value == OTHER:
        return "All others"
    if field == "country":
        return country_name(value)
    if field == "region" and value.isdecimal():  # a part of an ISO 3166-2 code
        return f"Region {value}"
    if field == "channel" and value:
        return {"ai": "AI"}.get(value, value.capitalize())
    if field in _WORDS and value in _WORDS[field]:
        return _WORDS[field][value]
    return {"(direct)": _DIRECT}.get(value, value) or "Unknown"


def zone_of(name: str) -> tzinfo:
    """The IANA time zone of that name, or UTC where there is none."""
    return _zone(name) if 0 < len(name) <= _LONGEST_ZONE else UTC


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # not a name, a folder of the database, or unknown
        return UTC


@cache
def countries() -> dict[str, str]:
    """The name of each ISO 3166 code."""
    text = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text(encoding="utf-8")
    return dict(line.split("\t", 1) for line in text.splitlines() if line and not line.startswith("#"))
