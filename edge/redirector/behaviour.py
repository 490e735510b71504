"""A record's options as the edge acts on them, read once. docs/edge.md lists them; what can't be read counts as left out."""

from dataclasses import dataclass, field
from typing import Any

from redirector.destination import Additions
from redirector.plan import Plan, make_plan
from shared.kv_record import KvRecord

STATUSES = (301, 302, 307, 308)
DEFAULT_STATUS = 302
_FOREVER = float("inf")
_TARGETS = frozenset({"rules", "geo", "ios", "android", "ios_app", "android_app", "variants"})
# With no option but these, every visitor at any time gets the same answer.
_SIMPLE = frozenset({"status", "index", "params"})


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Times are unix seconds."""

    status: int = DEFAULT_STATUS
    index: bool = False
    disabled: bool = False
    blocked: bool = False  # disabled by a quarantine
    starts_at: float = 0.0
    expires_at: float = _FOREVER
    capped: bool = False
    expired_url: str = ""
    once: bool = False
    prefix: bool = False
    below: frozenset[str] | None = frozenset()  # how codes below its own go on; None: any may
    additions: Additions = field(default_factory=Additions)
    plan: Plan | None = None
    password: str = ""
    social: dict[str, str] = field(default_factory=dict)
    unsafe: str | None = None  # the reason, which may be empty
    cloak: bool = False

    def may_have_below(self, code: str) -> bool:
        """Whether there may be a link whose code goes on from this one's as told."""
        return self.below is None or code in self.below


# Of links without options, which are most.
PLAIN = Behaviour()


def is_simple(record: KvRecord) -> bool:
    """Whether one prepared reply answers all."""
    return record.options.keys() <= _SIMPLE


def read_behaviour(record: KvRecord) -> Behaviour:
    """The options of a link's record."""
    options = record.options
    if not options:
        return Behaviour()
    status, unsafe = options.get("status"), options.get("unsafe")
    return Behaviour(
        status=status if status in STATUSES else DEFAULT_STATUS,
        index=options.get("index") is True,
        disabled=options.get("disabled") is True,
        blocked=options.get("blocked") is True,
        starts_at=_time(options.get("starts_at"), 0.0),
        expires_at=_time(options.get("expires_at"), _FOREVER),
        capped=options.get("capped") is True,
        expired_url=_text(options.get("expired_url")),
        once=options.get("once") is True,
        prefix=options.get("prefix") is True,
        below=_below(options.get("below")),
        additions=_additions(options),
        plan=make_plan(record.url, options) if not _TARGETS.isdisjoint(options) else None,
        password=_text(options.get("password")),
        social=_texts(options.get("og")),
        unsafe=unsafe if isinstance(unsafe, str) else "" if unsafe is True else None,
        cloak=options.get("cloak") is True,
    )


def _below(value: Any) -> frozenset[str] | None:
    if value is True:
        return None
    return frozenset(each for each in value if isinstance(each, str)) if isinstance(value, list) else frozenset()


def _additions(options: dict[str, Any]) -> Additions:
    query = options.get("query")
    mode = query if query in ("append", "override") else ""
    return Additions(mode, _texts(options.get("params")), options.get("track") is True)


def _time(value: Any, otherwise: float) -> float:
    return value / 1000 if isinstance(value, int | float) and not isinstance(value, bool) else otherwise


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> dict[str, str]:
    return {n: v for n, v in value.items() if isinstance(v, str) and v} if isinstance(value, dict) else {}
