"""Which clicks a page is about: what its address says, and what origin is asked for it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams

from dashboard.analytics_types import MEASURES
from dashboard.dimensions import CARDS, FILTERS, LINK, Top
from dashboard.formats import row_label, value_of

RANGES = {
    "24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days", "1y": "12 months", "all": "all time",
}  # fmt: skip
USUAL_RANGE = "7d"
# Kinds of events: what origin calls the verdicts of requests, and what came of them. Each is called:
KINDS = {
    "": "Clicks", "bot": "Bots", "preview": "Previews", "prefetch": "Prefetches", "head": "HEAD requests",
    "duplicate": "Duplicates", "capped": "Over the plan", "all": "All requests", "lead": "Leads", "sale": "Sales",
}  # fmt: skip
_LONGEST = 1000
# Of the period before such a day origin can be asked as well.
_OLDEST_YEAR, _LAST_YEAR = 2000, 9998


@dataclass(frozen=True, slots=True)
class Question:
    """`path` is the page's. `own` are filters that the page itself stands for, such as the link of a link's page."""

    path: str
    interval: str = USUAL_RANGE
    start: date | None = None
    end: date | None = None  # the last day that is in it
    filters: dict[str, str] = field(default_factory=dict)  # several values are `a,b`, as in the API
    excluded: frozenset[str] = frozenset()  # the filters whose values are left out instead
    measure: str = "clicks"
    lists: dict[str, str] = field(default_factory=dict)
    kind: str = ""  # of the events that are listed; "" for clicks
    own: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, path: str, given: QueryParams, own: dict[str, str] | None = None) -> "Question":
        """Values that make no sense are read as if they were not there."""
        own = own or {}
        interval, start, end = given.get("range", ""), day(given.get("from", "")), day(given.get("to", ""))
        filters, left_out = _filters(given, own)
        measure = given.get("measure", "")
        return cls(
            path,
            interval if interval in RANGES else USUAL_RANGE,
            start,
            end if start and end and end >= start else None,
            filters,
            left_out,
            measure if measure in MEASURES else MEASURES[0],
            {card.name: given[card.name] for card in CARDS if card.chosen(given.get(card.name, "")) != card.tops[0]},
            given.get("kind", "") if given.get("kind", "") in KINDS else "",
            own,
        )

    def values(self) -> dict[str, str]:
        """All that its address says; what is usual is left out."""
        days = {"from": str(self.start or ""), "to": str(self.end or "")}
        measure = "" if self.measure == MEASURES[0] else self.measure
        found = {
            "range": self.interval,
            **days,
            **self.filters,
            "not": _listed(self.excluded),
            "measure": measure,
            **self.lists,
            "kind": self.kind,
        }
        return {name: value for name, value in found.items() if value}

    def url(self, interval: str = "", **changes: str) -> str:
        """The address of the page with another interval, filter or list; an empty one is left out."""
        changes = {"not": _listed(self.excluded - changes.keys()), **changes}
        values = {**self.values(), **({"range": interval, "from": "", "to": ""} if interval else {}), **changes}
        return f"{self.path}?{urlencode({name: value for name, value in values.items() if value})}"

    def turned(self, name: str) -> str:
        """The address of the page that leaves out what a filter takes, or the other way round."""
        return self.url(**{"not": _listed(self.excluded ^ {name})})

    def events_url(self, kind: str = "", path: str = "/events") -> str:
        """The address of the events behind it, all of one kind."""
        values = {**self.values(), **self.own, "kind": kind or self.kind}
        kept = {name: value for name, value in values.items() if value and name in _OF_EVENTS}
        return f"{path}?{urlencode(kept)}"

    def alone(self, top: Top, values: dict[str, str]) -> str:
        """The address of the page for one value of a dimension alone; "" where origin could not be asked for it."""
        if top.cut or top.field in self.own or not can_filter(values.get(top.field, "")):
            return ""
        names = [name for name in (top.field, *top.within) if can_filter(values.get(name, ""))]
        return self.url(**{name: values[name] for name in names if name in FILTERS})

    def named(self) -> dict[str, str]:
        """The filters as people read them; links by their ids."""
        return {
            name: " or ".join(row_label(each, name) for each in value.split(","))
            for name, value in self.filters.items()
        }

    def is_custom(self) -> bool:
        """Whether it is about days that were chosen."""
        return self.start is not None

    def params(self, zone: tzinfo) -> dict[str, str]:
        """What origin is asked for."""
        filters = {name: f"-{value}" if name in self.excluded else value for name, value in self.filters.items()}
        return {**self._period(zone), "timezone": zone_name(zone), **filters, **self.own, "event": self.measure}

    def _period(self, zone: tzinfo) -> dict[str, str]:
        if self.start is None:
            return {"interval": self.interval}
        start = _midnight(self.start, zone)
        # Origin takes no time without an end that has not begun.
        last = self.end or (self.start if start > datetime.now(UTC) else None)
        end = {"end": _midnight(last + timedelta(days=1), zone).isoformat()} if last else {}
        return {"start": start.isoformat(), **end}


_OF_EVENTS = {*FILTERS, "not", "range", "from", "to", "kind"}


def _listed(names: frozenset[str]) -> str:
    return ",".join(sorted(names))


def _filters(given: QueryParams, own: dict[str, str]) -> tuple[dict[str, str], frozenset[str]]:
    """The filters of an address, with the one that a form adds, and those whose values are left out."""
    found = {name: _joined(given.get(name, "").split(",")) for name in FILTERS if name not in own}
    filters = {name: text for name, text in found.items() if _several(name, text)}
    left_out = {*given.get("not", "").split(",")}
    name, text = given.get("field", ""), given.get("value", "")
    typed = _joined(value_of(each.strip(), name) for each in text.split(","))
    if name in FILTERS and name not in own and _several(name, typed):
        excludes = given.get("how") == "not"
        adds = name in filters and excludes == (name in left_out)
        filters[name] = _joined([*filters[name].split(","), *typed.split(",")]) if adds else typed
        left_out = left_out | {name} if excludes else left_out - {name}
    return filters, frozenset(left_out & filters.keys())


def _joined(values: Iterable[str]) -> str:
    return ",".join(dict.fromkeys(value.strip() for value in values if value.strip()))


def _several(name: str, text: str) -> bool:
    """Whether origin takes this as values, any of which fits; of links it is one, as each has to be named."""
    values = text.split(",")
    return len(text) <= _LONGEST and all(map(can_filter, values)) and (name != LINK.field or len(values) == 1)


def can_filter(value: str) -> bool:
    """Whether origin takes this as one value: a comma or a leading minus would mean several, or all others."""
    if not value.strip() or len(value) > _LONGEST:
        return False
    return "," not in value and "\0" not in value and not value.startswith("-")


def day(text: str) -> date | None:
    """A day that was typed; None where it is none, or none that clicks could be of."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if _OLDEST_YEAR <= found.year <= _LAST_YEAR else None


def zone_name(of: tzinfo) -> str:
    """The IANA name that origin groups days by."""
    return of.key if isinstance(of, ZoneInfo) else "UTC"


def _midnight(of: date, zone: tzinfo) -> datetime:
    return datetime.combine(of, time(), zone)
