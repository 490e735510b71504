"""The conditions of rules: from what the record says to a question about a visitor, worked out once per record."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from redirector.languages import preferred
from redirector.user_agent import version_numbers
from redirector.visitor import Visitor

Condition: TypeAlias = Callable[[Visitor], bool]

SEEN_COOKIE = "nh_seen"
_EU = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905  # reads better
)
_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")


class BadCondition(ValueError):
    """The edge can't read this condition."""


def compile_conditions(given: dict[str, Any], offered: Sequence[str]) -> tuple[Condition, ...]:
    """One question a condition; `offered` are all languages that the link's rules name. Raises BadCondition."""
    if not isinstance(given, dict):
        raise BadCondition("conditions are an object")
    zone = given.get("zone", "UTC")
    found = []
    for name, value in given.items():
        try:
            if name == "language":
                found.append(_language(value, offered))
            elif name in ("weekday", "hours"):
                found.append(_TIMED[name](value, zone))
            elif name != "zone":
                found.append(_PLAIN[name](value))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadCondition(name) from error
    return tuple(found)


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise BadCondition("a list of texts belongs here")
    return value


def _place(field: str) -> Callable[[Any], Condition]:
    def build(value: Any) -> Condition:
        wanted = {each.lower() for each in _texts(value)}
        return lambda visitor: visitor.place(field).lower() in wanted

    return build


def _region(value: Any) -> Condition:
    wanted = {each.upper() for each in _texts(value)}

    def holds(visitor: Visitor) -> bool:
        region = visitor.place("regionCode").upper()
        return bool(region) and (region in wanted or f"{visitor.place('country').upper()}-{region}" in wanted)

    return holds


def _eu(value: Any) -> Condition:
    return lambda visitor: (visitor.place("country").upper() in _EU) is bool(value)


def _agent(field: str) -> Callable[[Any], Condition]:
    def build(value: Any) -> Condition:
        wanted = frozenset(_texts(value))
        return lambda visitor: getattr(visitor.agent, field) in wanted

    return build


def _os_version(value: Any) -> Condition:
    least = version_numbers(value["min"]) if "min" in value else ()
    most = version_numbers(value["max"]) if "max" in value else None

    def holds(visitor: Visitor) -> bool:
        version = visitor.agent.os_version
        padded = version + (0,) * (len(least) - len(version))
        return bool(version) and padded >= least and (most is None or version[: len(most)] <= most)

    return holds


def _language(value: Any, offered: Sequence[str]) -> Condition:
    wanted = {each.lower() for each in _texts(value)}
    return lambda visitor: (preferred(visitor.header("accept-language"), offered) or "?").lower() in wanted


def _after(value: float) -> Condition:
    least = value / 1000
    return lambda visitor: visitor.now >= least


def _before(value: float) -> Condition:
    end = value / 1000
    return lambda visitor: visitor.now < end


def _weekday(value: Any, zone: str) -> Condition:
    wanted = frozenset(value)

    def holds(visitor: Visitor) -> bool:
        time = visitor.local_time(zone)
        return time is not None and time[0] in wanted

    return holds


def _hours(value: Any, zone: str) -> Condition:
    first, end = (_minutes(each) for each in value)

    def holds(visitor: Visitor) -> bool:
        time = visitor.local_time(zone)
        if time is None:
            return False
        if first <= end:
            return first <= time[1] < end
        return time[1] >= first or time[1] < end

    return holds


def _minutes(text: str) -> int:
    found = _CLOCK.fullmatch(text)
    if not found:
        raise BadCondition(text)
    return int(found[1]) * 60 + int(found[2])


def _query(value: Any) -> Condition:
    wanted = {name: frozenset(_texts(values)) for name, values in value.items()}

    def holds(visitor: Visitor) -> bool:
        return all(
            name in visitor.query and (not values or not values.isdisjoint(visitor.query[name]))
            for name, values in wanted.items()
        )

    return holds


def _referrer(value: Any) -> Condition:
    wanted = tuple(each.lower() for each in _texts(value))

    def holds(visitor: Visitor) -> bool:
        host = visitor.referrer
        return any(host == each or (each != "" and host.endswith("." + each)) for each in wanted)

    return holds


def _returning(value: Any) -> Condition:
    return lambda visitor: (visitor.own_cookie(SEEN_COOKIE) is not None) is bool(value)


_PLAIN: dict[str, Callable[[Any], Condition]] = {
    "country": _place("country"),
    "region": _region,
    "city": _place("city"),
    "continent": _place("continent"),
    "eu": _eu,
    "device": _agent("device"),
    "os": _agent("os"),
    "os_version": _os_version,
    "browser": _agent("browser"),
    "after": _after,
    "before": _before,
    "query": _query,
    "referrer": _referrer,
    "returning": _returning,
}
_TIMED: dict[str, Callable[[Any, str], Condition]] = {"weekday": _weekday, "hours": _hours}
