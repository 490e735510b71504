"""The record that Workers KV holds for a link: key `{domain}/{code}`, value `{format}.{link}.{workspace}.{version}.{rest}`.

Ids and the version are in base 36. In format 1 the rest is the destination, untouched, so a plain link is about as small
as its URL; in format 2 it is a JSON object, with the destination under `url` and beside it only what the link uses.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from shared import base36
from shared.errors import BadRecord

PLAIN = "1"
RICH = "2"
# Workers KV refuses longer keys: https://developers.cloudflare.com/kv/platform/limits/
MAX_KEY_BYTES = 512


@dataclass(frozen=True, slots=True)
class KvRecord:
    """A link as the edge sees it. `options` is empty for a plain link; its names are listed in docs/edge.md."""

    link_id: int
    workspace_id: int
    version: int
    url: str
    options: dict[str, Any] = field(default_factory=dict)


def kv_key(domain: str, code: str) -> str:
    """The key of a link, both parts already normalized by shared.slug."""
    return f"{domain}/{code}"


def encode(record: KvRecord) -> str:
    """The value to store; `decode` reads it back."""
    head = ".".join(base36.encode(n) for n in (record.link_id, record.workspace_id, record.version))
    if not record.options:
        return f"{PLAIN}.{head}.{record.url}"
    body = {**record.options, "url": record.url}
    return f"{RICH}.{head}." + json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def decode(value: str) -> KvRecord:
    """Read a stored value; raises BadRecord for a format from the future or a damaged value."""
    try:
        form, link, workspace, version, rest = value.split(".", 4)
        ids = int(link, 36), int(workspace, 36), int(version, 36)
        if form == PLAIN:
            return KvRecord(*ids, url=rest)
        if form == RICH:
            options = json.loads(rest)
            url = options.pop("url")
            return KvRecord(*ids, url=url, options=options)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadRecord from error
    raise BadRecord
