"""Places in the order in which ClickHouse took requests, leads and sales."""

from datetime import UTC, datetime
from typing import Any, NamedTuple


class Place(NamedTuple):
    """The key of a row of that order, in unix milliseconds; without the last two, the place before all of a moment."""

    stored_ms: int
    at_ms: int = 0
    event_id: str = ""

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Place":
        """Where a row is that has `stored_ms`."""
        return cls(row["stored_ms"], ms_of(row), id_of(row))


def ms_of(row: dict[str, Any]) -> int:
    """When it was, in unix milliseconds. ClickHouse's times come without a zone: they are in UTC, wherever this machine is."""
    at: datetime = row["timestamp"].replace(tzinfo=UTC)
    return round(at.timestamp() * 1000)


def id_of(row: dict[str, Any]) -> str:
    """The id of a lead or sale, or else of the click."""
    return str(row.get("event_id") or row["click_id"])
