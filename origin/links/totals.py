"""Where the number of clicks of links comes from, as far as links are concerned."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol


class ClickTotals(Protocol):
    """Where the number of clicks and the last one come from."""

    async def for_links(self, workspace_id: int, link_ids: Sequence[int]) -> Mapping[int, tuple[int, datetime | None]]:
        """(clicks, time of the last one) by link; links without clicks may be missing."""
        ...


class NoTotals:
    """ClickTotals of an installation that counts no clicks."""

    async def for_links(self, workspace_id: int, link_ids: Sequence[int]) -> Mapping[int, tuple[int, datetime | None]]:
        del workspace_id, link_ids
        return {}
