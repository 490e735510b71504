"""What a rich record means, worked out once when it is read: rules, devices, countries, variants."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from redirector.conditions import BadCondition, Condition, compile_conditions
from redirector.visitor import Visitor

_FEWEST_VARIANTS, _MOST_VARIANTS = 2, 8
VARIANT_COOKIE = "nh_variant"


class Target(NamedTuple):
    """Where a visitor is sent, and by what."""

    url: str
    app: str = ""
    rule: int | None = None
    variant: int | None = None


class Rule(NamedTuple):
    """Matches where all of `when` hold and none of `unless`."""

    when: tuple[Condition, ...]
    unless: tuple[Condition, ...]
    target: Target

    def matches(self, visitor: Visitor) -> bool:
        return all(holds(visitor) for holds in self.when) and not any(holds(visitor) for holds in self.unless)


@dataclass(frozen=True, slots=True)
class Variants:
    """An A/B split."""

    urls: tuple[str, ...]
    weights: tuple[float, ...]
    begins: float = 0.0  # unix seconds
    ends: float = float("inf")
    winner: int | None = None
    cookie: bool = False

    def choose(self, visitor: Visitor, salt: str) -> int | None:
        """The number of the visitor's variant, None outside of the test's time."""
        if self.winner is not None:
            return self.winner
        if not self.begins <= visitor.now < self.ends:
            return None
        if self.cookie:
            known = visitor.own_cookie(VARIANT_COOKIE) or ""
            if known.isdecimal() and known.isascii() and len(known) == 1 and int(known) < len(self.urls):
                return int(known)
        return self._by_weight(visitor.share(salt))

    def _by_weight(self, share: float) -> int:
        point = share * sum(self.weights)
        for number, weight in enumerate(self.weights):
            point -= weight
            if point < 0:
                return number
        return len(self.weights) - 1


@dataclass(frozen=True, slots=True)
class Plan:
    """How the destination depends on the visitor."""

    url: str
    rules: tuple[Rule, ...] = ()
    geo: dict[str, Target] = field(default_factory=dict)
    variants: Variants | None = None
    asks_returning: bool = False

    def target(self, visitor: Visitor, salt: str) -> Target:
        """The first rule that matches, else the country, else the variant, else the link's own URL."""
        for rule in self.rules:
            if rule.matches(visitor):
                return rule.target
        found = self.geo.get(visitor.place("country").upper()) if self.geo else None
        if found is not None:
            return found
        number = self.variants.choose(visitor, salt) if self.variants else None
        if number is None or self.variants is None:
            return Target(self.url)
        return Target(self.variants.urls[number], variant=number)


def make_plan(url: str, options: dict[str, Any]) -> Plan:
    """Read the options; what can't be read is left out, a rule with it."""
    given = [each for each in _list(options.get("rules")) if isinstance(each, dict)]
    offered = _languages(given)
    rules = [rule for number, each in enumerate(given) if (rule := _rule(number, each, offered))]
    rules += _devices(len(given), url, options)
    geo = options.get("geo")
    targets = {
        country.upper(): Target(to, rule=len(given) + 2)
        for country, to in (geo.items() if isinstance(geo, dict) else ())
        if isinstance(to, str)
    }
    asks = any("returning" in (each.get(part) or {}) for each in given for part in ("when", "unless"))
    return Plan(url, tuple(rules), targets, _variants(options), asks)


def _rule(number: int, given: dict[str, Any], offered: list[str]) -> Rule | None:
    url, app = given.get("url"), given.get("app", "")
    if not isinstance(url, str) or not isinstance(app, str):
        return None
    try:
        when = compile_conditions(given.get("when") or {}, offered)
        unless = compile_conditions(given.get("unless") or {}, offered)
    except BadCondition:
        return None
    return Rule(when, unless, Target(url, app, rule=number))


def _devices(first: int, url: str, options: dict[str, Any]) -> list[Rule]:
    """`ios` and `android`, with their apps, as rules."""
    found = []
    for number, os in enumerate(("ios", "android")):
        to, app = options.get(os), options.get(f"{os}_app")
        if isinstance(to, str) or isinstance(app, str):
            target = Target(to if isinstance(to, str) else url, app if isinstance(app, str) else "", first + number)
            found.append(Rule(compile_conditions({"os": [os]}, ()), (), target))
    return found


def _languages(rules: list[dict[str, Any]]) -> list[str]:
    """All that the rules name, in their order."""
    named = [
        each
        for rule in rules
        for part in ("when", "unless")
        if isinstance(rule.get(part), dict)
        for each in _list(rule[part].get("language"))
        if isinstance(each, str)
    ]
    return list(dict.fromkeys(named))


def _variants(options: dict[str, Any]) -> Variants | None:
    try:
        pairs = [(str(each["url"]), float(each["weight"])) for each in _list(options.get("variants"))]
    except (KeyError, TypeError, ValueError):
        return None
    urls, weights = tuple(url for url, _ in pairs), tuple(weight for _, weight in pairs)
    if not _FEWEST_VARIANTS <= len(pairs) <= _MOST_VARIANTS or min(weights) <= 0:
        return None
    winner = options.get("winner")
    return Variants(
        urls,
        weights,
        begins=_seconds(options.get("variants_from"), 0.0),
        ends=_seconds(options.get("variants_until"), float("inf")),
        winner=winner if isinstance(winner, int) and 0 <= winner < len(pairs) else None,
        cookie=options.get("sticky") == "cookie",
    )


def _seconds(value: Any, otherwise: float) -> float:
    return value / 1000 if isinstance(value, int | float) else otherwise


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
