"""What each code of an error means and what helps against it, for the page that `doc_url` leads to."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from origin.problems import PROBLEMS

_NOT_ALLOWED = 405
_HELP: dict[str, str] = tomllib.loads(files("origin").joinpath("error_help.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Explained:
    """A code, the statuses that carry it, what it means, and what helps."""

    code: str
    statuses: list[int]
    meaning: str
    help: str


def by_code() -> list[Explained]:
    """Each code once, in the order of the statuses."""
    found: dict[str, Explained] = {}
    for each in PROBLEMS:
        known = found.setdefault(
            each.code, Explained(each.code, [], str(each.__doc__).replace("`", ""), _HELP[each.code])
        )
        known.statuses.append(each.status)
    found["bad_request"].statuses.append(_NOT_ALLOWED)
    return [Explained(each.code, sorted(each.statuses), each.meaning, each.help) for each in found.values()]
