"""A row of the table `conversion_credits` in ClickHouse. What each column means: docs/analytics.md."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from origin import ids
from origin.conversions.facts import FACTS
from origin.storage.tables import Row

_EPOCH = datetime.fromtimestamp(0, UTC)
MODELS = ("last", "first")
OWN = (
    "workspace_id", "model", "event", "event_id", "revision", "sign", "timestamp", "event_name", "customer_id", "quantity",
    "amount", "currency", "sale_type", "invoice_id", "payment_processor", "metadata", "click_id", "clicked_at", "link_id",
    "keep_days",
)  # fmt: skip
COLUMNS = (*OWN, *FACTS)


def rows_of(conversion: Row, keep_days: int) -> Iterator[tuple[Any, ...]]:
    """A row for each model of attribution, in the order of COLUMNS; times are unix milliseconds."""
    for model in MODELS:
        facts = getattr(conversion, f"{model}_facts")
        own = {
            "workspace_id": conversion.workspace_id,
            "model": model,
            "event": conversion.event,
            "event_id": ids.public(ids.CONVERSION, conversion.id),
            "revision": conversion.revision,
            "sign": 1,
            "timestamp": _ms(conversion.occurred_at),
            "event_name": conversion.event_name,
            "customer_id": conversion.customer_id or 0,
            "quantity": conversion.quantity,
            "amount": conversion.amount,
            "currency": conversion.currency,
            "sale_type": conversion.sale_type,
            "invoice_id": conversion.invoice_id or "",
            "payment_processor": conversion.payment_processor,
            "metadata": "" if conversion.metadata is None else msgspec.json.encode(conversion.metadata).decode(),
            "click_id": getattr(conversion, f"{model}_click_id"),
            "clicked_at": _ms(getattr(conversion, f"{model}_clicked_at")),
            "link_id": getattr(conversion, f"{model}_link_id"),
            "keep_days": keep_days,
        }
        yield (*own.values(), *(facts[name] for name in FACTS))


def taken_back(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """The row that takes one back which ClickHouse has, given by its COLUMNS."""
    changed = {"sign": -1, **{name: _ms(row[name].replace(tzinfo=UTC)) for name in ("timestamp", "clicked_at")}}
    return tuple(({**row, **changed})[name] for name in COLUMNS)


def _ms(at: datetime) -> int:
    # What is begun of a millisecond is cut off: rounded, an event at the end of a day would be kept under the next one.
    return (at - _EPOCH) // timedelta(milliseconds=1)
