"""A link that was asked for, checked as far as that goes without the database."""

from dataclasses import dataclass
from typing import Any

from msgspec import UNSET

from origin.domains.service import normalize
from origin.links import destinations, fields, utm
from origin.links.destinations import Destination
from origin.links.model import LinkFields, NewLink
from origin.problems import Unprocessable
from shared import slug
from shared.errors import BadCode


@dataclass(frozen=True, slots=True)
class TagChoice:
    """The tags that were asked for, by id and by name (in lower case)."""

    ids: tuple[str, ...]
    names: tuple[str, ...]

    def resolved(self, numbers: dict[str, int]) -> set[int]:
        """The tags' numbers; raises Unprocessable naming one that is not there."""
        for wire_name, wanted in (("tagIds", self.ids), ("tagNames", self.names)):
            unknown = [each for each in wanted if each not in numbers]
            if unknown:
                raise Unprocessable(f"{wire_name}: there is no tag {unknown[0]!r} in this workspace. Make it first.")
        return {numbers[each] for each in (*self.ids, *self.names)}


@dataclass(slots=True)
class Draft:
    """A link to be made. `columns` are the table's; a key of None is to be made up, behind the prefix if there is one."""

    domain: str
    key: str | None
    prefix: str
    key_length: int
    destinations: list[tuple[str, Destination]]
    columns: dict[str, Any]
    tags: TagChoice
    password: str | None
    made_up: bool = False
    ignores_case: bool = False


def draft(body: NewLink, default_domain: str, *, allow_private: bool) -> Draft:
    """Check what was sent; raises Unprocessable naming the field."""
    url = utm.write(body.url, utm_values(body))
    destination = destinations.check(url, allow_private=allow_private)
    length = slug.DEFAULT_CODE_LENGTH if body.key_length is UNSET else body.key_length
    if length != int(length):
        raise Unprocessable("keyLength: it is a whole number.")
    columns = {"url": url, **fields.DEFAULTS, **fields.columns(body), **utm.read(url)}
    return Draft(
        domain=normalize(body.domain) if body.domain else default_domain,
        key=normalize_key(body.key) if body.key else None,
        prefix="" if body.key else normalize_prefix(body.prefix or "", int(length)),
        key_length=int(length),
        destinations=[("url", destination), *fields.other_destinations(columns, allow_private=allow_private)],
        columns=columns,
        tags=tag_choice(body) or TagChoice((), ()),
        password=body.password or None,
    )


def tag_choice(body: LinkFields) -> TagChoice | None:
    """The tags that the link shall carry; None where nothing is said of them."""
    if all(each is UNSET for each in (body.tag_ids, body.tag_id, body.tag_names)):
        return None
    names = tuple(each.lower() for each in _texts(body.tag_names))
    return TagChoice((*_texts(body.tag_ids), *_texts(body.tag_id)), names)


def utm_values(body: LinkFields) -> dict[str, str | None]:
    """The given parameters to write into the URL's query."""
    given = {name: getattr(body, name) for name in (*utm.FIELDS, "ref")}
    return {name: value for name, value in given.items() if value is not UNSET}


def normalize_key(key: str) -> str:
    """A key as it is stored, without a slash at its ends; raises Unprocessable with the rule it breaks."""
    try:
        return slug.normalize_code(key.removeprefix("/").removesuffix("/"))
    except BadCode as error:
        raise Unprocessable(f"key: it {error}.") from error


def normalize_prefix(prefix: str, key_length: int) -> str:
    """What made-up keys begin with, without the slash behind it; empty for nothing. Raises Unprocessable."""
    text = prefix.removeprefix("/").removesuffix("/")
    if not text:
        return ""
    try:
        return slug.normalize_code(f"{text}/{'x' * key_length}").rpartition("/")[0]
    except BadCode as error:
        raise Unprocessable(f"prefix: with the code behind it, it {error}.") from error


def _texts(given: Any) -> list[str]:
    if isinstance(given, str):
        return [given] if given else []
    return [] if given is UNSET or given is None else list(given)
