"""The words of a page's address: the API's own are taken too, and what makes no sense is told instead of passed over."""

from collections.abc import Collection, Iterable, Mapping

from dashboard.dimensions import CARDS, FILTERS, LINK
from dashboard.formats import row_label, value_of

# The API's name: that of the pages.
_API_NAMES = {"interval": "range", "start": "from", "end": "to", "verdict": "kind"}
_API_EVENTS = {"leads": "lead", "sales": "sale", "clicks": ""}
_TITLES = {"range": "time range", "kind": "kind of event", "measure": "figure", "field": "filter"}
_LONGEST, _SHOWN = 1000, 60


def spelled(given: Mapping[str, str]) -> dict[str, str]:
    """The same under the names of the pages."""
    found = {_API_NAMES.get(name, name): value for name, value in given.items()} | {
        name: value for name, value in given.items() if name not in _API_NAMES
    }
    if found.get("kind") == "click":
        found["kind"] = ""
    if (event := found.get("event")) in _API_EVENTS:
        found = {"measure": event, "kind": _API_EVENTS[event], **found}
    return found


def strange(given: Mapping[str, str], known: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """A sentence for each value that is none of the known ones, and for each filter that origin could not be asked for."""
    known = {**known, "field": FILTERS, **{card.name: [top.group for top in card.tops] for card in CARDS}}
    found = [
        f"There is no {_TITLES.get(name, 'list')} {_quoted(value)}."
        for name, value in given.items()
        if value and name in known and value not in known[name]
    ]
    filters = {name: value for name, value in given.items() if name in FILTERS}
    if (name := given.get("field", "")) in FILTERS:
        filters[name] = _typed(given)
    return (*found, *(text for name, value in filters.items() if (text := _refused(name, value))))


def filters_of(given: Mapping[str, str], own: dict[str, str]) -> tuple[dict[str, str], frozenset[str], str]:
    """The filters of an address with the one that a form adds, those whose values are left out, and that one's name."""
    found = {name: _joined(given.get(name, "").split(",")) for name in FILTERS if name not in own}
    filters = {name: text for name, text in found.items() if _several(name, text)}
    left_out = {*given.get("not", "").split(",")}
    name, typed = given.get("field", ""), _typed(given)
    adding = name in FILTERS and name not in own and _several(name, typed)
    if adding:
        excludes = given.get("how") == "not"
        adds = name in filters and excludes == (name in left_out)
        filters[name] = _joined([*filters[name].split(","), *typed.split(",")]) if adds else typed
        left_out = left_out | {name} if excludes else left_out - {name}
    return filters, frozenset(left_out & filters.keys()), name if adding else ""


def _typed(given: Mapping[str, str]) -> str:
    """The values of the form in the API's words; one of those that people read has a comma in it."""
    name, text = given.get("field", ""), given.get("value", "").strip()
    whole = value_of(text, name)
    return (
        whole
        if whole != text and "," not in whole
        else _joined(value_of(each.strip(), name) for each in text.split(","))
    )


def _joined(values: Iterable[str]) -> str:
    return ",".join(dict.fromkeys(value.strip() for value in values if value.strip()))


def _several(name: str, text: str) -> bool:
    """Whether origin takes this as values, any of which fits; of links it is one, as each has to be named."""
    values = text.split(",")
    return (
        len(text) <= _LONGEST
        and all(can_filter(each, name) for each in values)
        and (name != LINK.field or len(values) == 1)
    )


def can_filter(value: str, name: str = "") -> bool:
    """Whether origin takes this as one value: a comma or a leading minus would mean several, or all others."""
    if not value.strip() or len(value) > _LONGEST or (name == "variant" and row_label(value, name) == value):
        return False
    return "," not in value and "\0" not in value and not value.startswith("-")


def _refused(name: str, value: str) -> str:
    if not value.strip() or _several(name, _joined(value.split(","))):
        return ""
    if name == "variant":
        return f"There is no variant {_quoted(value)}: they are called A, B and so on."
    why = "links are asked about one by one" if name == LINK.field else "a leading minus would leave it out"
    return f"{FILTERS[name]} cannot be {_quoted(value)}: {why}."


def _quoted(value: str) -> str:
    return f"“{value[:_SHOWN]}”"
