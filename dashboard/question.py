"""Which clicks a page is about: what its address says, and what origin is asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from dashboard.address import can_filter, filters_of, spelled, strange
from dashboard.analytics_types import MEASURES
from dashboard.days import Days
from dashboard.dimensions import CARDS, FILTERS, Top
from dashboard.formats import row_label

RANGES = {
    "24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days", "1y": "12 months", "all": "all time",
}  # fmt: skip
USUAL_RANGE = "7d"
# Kinds of events: what origin calls the verdicts of requests, and what came of them. Each is called:
KINDS = {
    "": "Clicks", "bot": "Bots", "preview": "Previews", "prefetch": "Prefetches", "head": "HEAD requests",
    "duplicate": "Duplicates", "capped": "Over the plan", "all": "All requests", "lead": "Leads", "sale": "Sales",
}  # fmt: skip
_KNOWN = {"range": RANGES, "kind": KINDS, "measure": MEASURES}


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
    typed: str = ""  # the filter that a form has just added
    days: Days = field(default_factory=Days)  # as they were typed
    notes: tuple[str, ...] = ()  # what of its address makes no sense, in sentences

    @classmethod
    def of(cls, path: str, given: Mapping[str, str], own: dict[str, str] | None = None) -> "Question":
        """Values that make no sense are read as if they were not there, and told in `notes`."""
        own, given = own or {}, spelled(given)
        interval, days = given.get("range", ""), Days.of(given.get("from", ""), given.get("to", ""))
        filters, left_out, typed = filters_of(given, own)
        measure = given.get("measure", "")
        return cls(
            path,
            interval if interval in RANGES else USUAL_RANGE,
            days.start,
            days.end,
            filters,
            left_out,
            measure if measure in MEASURES else MEASURES[0],
            {card.name: given[card.name] for card in CARDS if card.chosen(given.get(card.name, "")) != card.tops[0]},
            given.get("kind", "") if given.get("kind", "") in KINDS else "",
            own,
            typed,
            days,
            (*([days.wrong] if days.wrong else []), *strange(given, _KNOWN)),
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

    def outcome_url(self, outcome: str) -> str:
        """The address of its leads or sales of one outcome: they have no click to filter by, but a time."""
        kept = {name: value for name, value in self.values().items() if name in {"range", "from", "to", "measure"}}
        return f"/conversions?{urlencode({**kept, 'outcome': outcome})}"

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

    def goes_ahead(self, zone: tzinfo) -> bool:
        """Whether it is about days that have not begun, so that nothing can be compared with them."""
        today = datetime.now(zone).date()
        return any(day > today for day in (self.start, self.end) if day)

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


def zone_name(of: tzinfo) -> str:
    """The IANA name that origin groups days by."""
    return of.key if isinstance(of, ZoneInfo) else "UTC"


def _midnight(of: date, zone: tzinfo) -> datetime:
    return datetime.combine(of, time(), zone)
