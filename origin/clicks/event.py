"""The click batch of the edge, as typed structs: the readable contract is shared/click_event.py."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.click_event import MAX_CLICKS

_Name = Annotated[str, Meta(min_length=1, max_length=100)]
_Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
_Counters = Annotated[dict[_Name, Annotated[int, Meta(ge=0, le=2**63 - 1)]], Meta(max_length=100)]
_Int16 = Annotated[int, Meta(ge=0, le=2**15 - 1)]

# Older than any queue keeps a batch; ahead by more than a clock may be wrong. A wider range would let one bad clock
# spread an insert over more months than ClickHouse takes at once.
OLDEST_SECONDS = 31 * 86_400
AHEAD_SECONDS = 3_600


class Click(msgspec.Struct, omit_defaults=True, gc=False):
    """One request, as the edge saw it. Text is cut where it is stored, not refused: a visitor may send any header."""

    id: _Name
    at: int
    link: _Id
    workspace: _Id
    version: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    domain: Annotated[str, Meta(min_length=1)]
    code: str
    url: str
    kind: Literal["click", "head", "prefetch", "preview"] = "click"
    trigger: Literal["link", "qr", "deeplink"] = "link"
    ip: str = ""
    user_agent: str = ""
    referer: str = ""
    language: str = ""
    country: str = ""
    region: str = ""
    city: str = ""
    continent: str = ""
    latitude: str = ""
    longitude: str = ""
    timezone: str = ""
    asn: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 0
    network: str = ""
    path: str = ""
    query: str = ""
    variant: _Int16 | None = None
    rule: _Int16 | None = None


class Batch(msgspec.Struct, omit_defaults=True):
    """A batch whose clicks are all good."""

    batch_id: _Name
    edge: Annotated[str, Meta(max_length=100)]
    clicks: Annotated[list[Click], Meta(max_length=MAX_CLICKS)]
    counters: _Counters = {}


class RawBatch(msgspec.Struct):
    """The same with each click still unread, so that a bad one can be told from its neighbours."""

    batch_id: _Name
    edge: Annotated[str, Meta(max_length=100)]
    clicks: Annotated[list[msgspec.Raw], Meta(max_length=MAX_CLICKS)]


def check_time(click: Click, now: float) -> None:
    """Raise ValueError for a click that is too old or from the future."""
    age = now - click.at / 1000
    if age > OLDEST_SECONDS:
        raise ValueError(f"`at` is more than {OLDEST_SECONDS // 86_400} days ago")
    if age < -AHEAD_SECONDS:
        raise ValueError(f"`at` is more than {AHEAD_SECONDS // 60} minutes ahead: check the edge's clock")
