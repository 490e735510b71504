"""Where the number of clicks of links comes from, as far as links are concerned."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol


class ClickTotals(Protocol):
    """Where the number of clicks and the last one come from."""

    async def for_links(self, workspace_id: int, link_ids: Sequence[int]) -> Mapping[int, tuple[int, datetime | None]]:
        """(clicks, time of the last one) by link; links without clicks may be missing."""
        ...


class Converted(NamedTuple):
    """What came of a link's clicks: `conversions` are first sales of customers, `revenue` minor units by currency."""

    leads: int = 0
    conversions: int = 0
    sales: int = 0
    revenue: Mapping[str, int] = {}  # nobody changes it


class ConversionTotals(Protocol):
    """Where leads and sales of links come from."""

    async def for_links(self, workspace_id: int, link_ids: Sequence[int], model: str) -> Mapping[int, Converted]:
        """By link, as the model of attribution (last, first) has it; links without any may be missing."""
        ...


class NoConversions:
    """ConversionTotals of an installation that tracks none."""

    async def for_links(self, workspace_id: int, link_ids: Sequence[int], model: str) -> Mapping[int, Converted]:
        del workspace_id, link_ids, model
        return {}


class NoTotals:
    """ClickTotals of an installation that counts no clicks."""

    async def for_links(self, workspace_id: int, link_ids: Sequence[int]) -> Mapping[int, tuple[int, datetime | None]]:
        del workspace_id, link_ids
        return {}
