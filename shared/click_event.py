"""The batch of clicks that the edge posts to origin, as JSON.

`{"batch_id": "...", "edge": "...", "counters": {...}, "clicks": [{...}, ...]}`; a click's fields are those of ClickEvent, and
what is unknown is left out. A batch keeps its id through every retry and every queue, which is what lets origin count it once.
"""

import json
from typing import NotRequired, TypedDict

# Bounds of one batch. The bytes stay below what Cloudflare Queues takes in a message (128 KB).
MAX_CLICKS = 500
MAX_BYTES = 120_000

# What a request was. Only `click` is counted as one; the rest is kept so that the sum of all requests closes.
KINDS = ("click", "head", "prefetch", "preview")


class ClickEvent(TypedDict):
    """One request for a short link, as the edge saw it."""

    id: str  # unique among all clicks: the isolate's random name and a counter
    at: int  # unix milliseconds
    link: int
    workspace: int
    version: int  # of the link that answered
    domain: str
    code: str
    url: str  # where the visitor was sent
    kind: NotRequired[str]  # one of KINDS; "click" when left out
    trigger: NotRequired[str]  # "qr" or "deeplink"; "link" when left out
    ip: NotRequired[str]
    user_agent: NotRequired[str]
    referer: NotRequired[str]
    language: NotRequired[str]
    country: NotRequired[str]  # ISO 3166-1 alpha-2
    region: NotRequired[str]
    city: NotRequired[str]
    continent: NotRequired[str]  # AF AN AS EU NA OC SA
    latitude: NotRequired[str]
    longitude: NotRequired[str]
    timezone: NotRequired[str]
    asn: NotRequired[int]
    network: NotRequired[str]
    path: NotRequired[str]  # what a prefix link carried on
    query: NotRequired[str]  # the request's own query string
    variant: NotRequired[int]
    rule: NotRequired[int]


class ClickBatch(TypedDict):
    """What one `POST /internal/clicks` carries."""

    batch_id: str
    edge: str  # the isolate's random name
    counters: NotRequired[dict[str, int]]  # what it did since it started, before it posted this batch
    clicks: list[ClickEvent]


def encode_batch(batch_id: str, edge: str, clicks: list[ClickEvent], counters: dict[str, int] | None = None) -> bytes:
    """The body to post and to sign."""
    body: ClickBatch = {"batch_id": batch_id, "edge": edge, "clicks": clicks}
    if counters is not None:
        body["counters"] = counters
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
