"""A link that was asked for, checked as far as that goes without the database."""

from dataclasses import dataclass
from typing import Any

from msgspec import UNSET

from origin.domains.service import normalize
from origin.links import destinations, unsupported, utm
from origin.links.destinations import Destination
from origin.links.model import LinkFields, NewLink
from origin.problems import Unprocessable
from shared import slug
from shared.errors import BadCode

_PLAIN_FIELDS = ("external_id", "tenant_id", "archived", "comments", "title", "description", "image", "video")


@dataclass(slots=True)
class Draft:
    """A link to be made. `columns` are the table's; a key of None is to be made up."""

    domain: str
    key: str | None
    key_length: int
    destination: Destination
    columns: dict[str, Any]
    made_up: bool = False


def draft(body: NewLink, default_domain: str, *, allow_private: bool) -> Draft:
    """Check what was sent; raises Unprocessable naming the field."""
    unsupported.refuse(body)
    url = utm.write(body.url, utm_values(body))
    destination = destinations.check(url, allow_private=allow_private)
    length = slug.DEFAULT_CODE_LENGTH if body.key_length is UNSET else body.key_length
    if length != int(length):
        raise Unprocessable("keyLength: it is a whole number.")
    columns = {"url": url, **plain_columns(body), **utm.read(url)}
    domain = normalize(body.domain) if body.domain else default_domain
    return Draft(domain, normalize_key(body.key) if body.key else None, int(length), destination, columns)


def plain_columns(body: LinkFields) -> dict[str, Any]:
    """The given fields that are stored as they are; an empty text is stored as null."""
    given = {name: getattr(body, name) for name in _PLAIN_FIELDS}
    return {name: None if value == "" else value for name, value in given.items() if value is not UNSET}


def utm_values(body: LinkFields) -> dict[str, str | None]:
    """The given parameters to write into the URL's query."""
    given = {name: getattr(body, name) for name in (*utm.FIELDS, "ref")}
    return {name: value for name, value in given.items() if value is not UNSET}


def normalize_key(key: str) -> str:
    """A key as it is stored; raises Unprocessable with the rule it breaks."""
    try:
        return slug.normalize_code(key)
    except BadCode as error:
        raise Unprocessable(f"key: it {error}.") from error
