"""Which workspaces have used up the clicks of the month that are counted for them."""

import time
from typing import Protocol

from origin.storage.clickhouse import ClickHouse

_REMEMBER_SECONDS = 10.0
_OVER = """
SELECT workspace_id FROM link_counts
WHERE link_id = 0 AND verdict = 'click' AND quarter >= toStartOfMonth(now('UTC'))
GROUP BY workspace_id HAVING sum(requests) >= {most:UInt64} ORDER BY workspace_id
"""


class Caps(Protocol):
    """Asked before each block; the answer is journaled with the block, so that a repeated insert judges the same."""

    async def reached(self) -> tuple[int, ...]:
        """Workspaces whose further clicks are recorded as capped; raises ClickHouseUnavailable."""
        ...


class MonthlyCap:
    """One cap for every workspace, of clicks a calendar month (UTC); 0 is none."""

    def __init__(self, clickhouse: ClickHouse, most: int) -> None:
        self._clickhouse = clickhouse
        self._most = most
        self._reached: tuple[int, ...] = ()
        self._ask_at = 0.0

    def forget(self) -> None:
        """Ask again next time."""
        self._ask_at = 0.0

    async def reached(self) -> tuple[int, ...]:
        """As of at most ten seconds ago."""
        if self._most and time.monotonic() >= self._ask_at:
            rows = await self._clickhouse.query(_OVER, {"most": self._most})
            self._reached = tuple(row["workspace_id"] for row in rows)
            self._ask_at = time.monotonic() + _REMEMBER_SECONDS
        return self._reached
