"""What became of every lead and sale that was tracked. From Postgres, which has those that are not counted as well."""

from urllib.parse import urlencode

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.analytics.model import PeriodQuery
from origin.analytics.periods import Period
from origin.conversions import outcomes
from origin.openapi import PREFIX


class ConversionAccountingQuery(PeriodQuery, kw_only=True, forbid_unknown_fields=True):
    """Which time. There are no filters: what is not counted has no click to filter by."""


class OutcomePart(msgspec.Struct):
    """How many have this outcome, and where they are."""

    events: int
    list: str


class OutcomeParts(msgspec.Struct, kw_only=True):
    """`received` is the sum over the parts."""

    received: int
    counted: OutcomePart
    duplicates: OutcomePart
    unattributed: OutcomePart
    pending: OutcomePart


class ConversionAccounting(msgspec.Struct):
    """All calls that tracked something, by what became of them."""

    leads: OutcomeParts
    sales: OutcomeParts


_OUTCOMES = {"counted": "counted", "duplicates": "duplicate", "unattributed": "unattributed", "pending": "pending"}


async def conversion_accounting(connection: AsyncConnection, workspace_id: int, period: Period) -> ConversionAccounting:
    """The accounting of a period."""
    leads, sales = [await _parts(connection, workspace_id, event, period) for event in ("lead", "sale")]
    return ConversionAccounting(leads, sales)


async def _parts(connection: AsyncConnection, workspace_id: int, event: str, period: Period) -> OutcomeParts:
    found = await outcomes.count(connection, workspace_id, event, period.start, period.end)
    parts = {
        name: OutcomePart(found.get(outcome, 0), _list(event, outcome, period)) for name, outcome in _OUTCOMES.items()
    }
    return OutcomeParts(received=sum(found.values()), **parts)


def _list(event: str, outcome: str, period: Period) -> str:
    times = {"start": period.start.isoformat(), "end": period.end.isoformat()}
    return f"{PREFIX}/conversions?{urlencode({'event': event, 'outcome': outcome, **times})}"
