"""Which limits there are, by settings: for API keys by the plan of their workspace, for people, for addresses."""

from collections.abc import Mapping
from dataclasses import dataclass

from origin.limits.lease import Limit
from shared.errors import BadSetting

_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits of requests a minute; None: unlimited."""

    keys: Mapping[str, Limit | None]  # by plan; the first is that of plans which are not named
    people: Limit | None
    addresses: Limit | None

    def of_key(self, plan: str | None) -> Limit | None:
        """The limit of an API key of a workspace with this plan."""
        first = next(iter(self.keys.values()), None)
        return first if plan is None else self.keys.get(plan, first)


def rules_of(plans: tuple[str, ...], people: int, addresses: int) -> Rules:
    """The rules of NEARHOP_RATE_LIMITS (as `free=600`), and of the other two; raises BadSetting. 0 is no limit."""
    keys = {}
    for text in plans:
        plan, _, most = text.partition("=")
        if not (plan and most.isascii() and most.isdigit() and int(most) <= _MOST):
            raise BadSetting(
                f"NEARHOP_RATE_LIMITS has {text!r}, but it takes a plan and 0 to {_MOST} requests, as free=600"
            )
        # A key whose workspace changes its plan begins with a full bucket of the new size.
        keys[plan] = _limit(f"key:{plan}", int(most))
    return Rules(keys, _limit("person", people), _limit("address", addresses))


def _limit(what: str, most: int) -> Limit | None:
    return Limit(what, most) if most else None
