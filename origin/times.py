"""Times that come over the API."""

from datetime import UTC, datetime

from origin.problems import Unprocessable

# What Postgres, JavaScript's dates at the edge and every zone's offset can hold.
FIRST_YEAR, LAST_YEAR = 1970, 9998


def in_utc(field: str, value: datetime) -> datetime:
    """The time in UTC, which one without a zone is in already; raises Unprocessable for a year that no link has."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise Unprocessable(f"{field}: the year is {FIRST_YEAR} to {LAST_YEAR}.")
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
