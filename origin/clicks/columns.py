"""The clicks of a block as columns for ClickHouse, in Arrow's format: most of them are few values, each written once.

Rows of Python objects would take longer to make and to write than ClickHouse takes to store them.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from itertools import count
from operator import attrgetter
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]  # has no types of its own

from origin.clicks.block_table import CODES, TIME, BlockTable, Codes, spread
from origin.clicks.enrich import Facts, Robot, Told, number
from origin.clicks.event import Batch
from origin.clicks.row import ClickRow, verdict_of

V = TypeVar("V", bound=Hashable)

_NAMES = ClickRow._fields
_FACTS = (
    _NAMES[_NAMES.index("utm_source") : _NAMES.index("country")],
    _NAMES[_NAMES.index("country") : _NAMES.index("user_agent")],
    _NAMES[_NAMES.index("user_agent") : _NAMES.index("referer")],
    _NAMES[_NAMES.index("referer") :],
)
# Columns of a click's own values: where they are read, and as what they are written.
_OWN = {
    "click_id": (attrgetter("id"), pa.string()),
    "timestamp": (attrgetter("at"), TIME),
    "workspace_id": (attrgetter("workspace"), pa.int64()),
    "link_id": (attrgetter("link"), pa.int64()),
    "link_version": (attrgetter("version"), pa.int64()),
    "code": (attrgetter("code"), pa.string()),
    "url": (attrgetter("url"), pa.string()),
}
# Of these a block has few values, as they are in clicks or as they were cut.
_FEW = {name: attrgetter(name) for name in ("kind", "trigger", "variant", "rule")}
_CUT = {name: attrgetter(name) for name in ("domain", "path", "query", "language")}


class _Distinct(Generic[V]):
    """Values, numbered as they come, and which of them each click has."""

    def __init__(self) -> None:
        self._numbers: dict[V, int] = defaultdict(count().__next__)
        self._of_clicks: list[int] = []

    def add(self, values: Iterable[V]) -> None:
        self._of_clicks.extend(map(self._numbers.__getitem__, values))

    @property
    def values(self) -> list[V]:
        return list(self._numbers)

    @property
    def of_clicks(self) -> npt.NDArray[np.int32]:
        return np.array(self._of_clicks, np.int32)


class BlockColumns:
    """Filled batch by batch, then made into a table."""

    def __init__(self, enriched_by: str) -> None:
        self._enriched_by = enriched_by
        self._batches: list[tuple[str, str, int, int]] = []  # id, edge, received at, clicks
        self._own: dict[str, list[Any]] = {name: [] for name in _OWN}
        self._addresses: list[str] = []
        self._visitors = bytearray()
        self._few = {name: _Distinct[Any]() for name in (*_FEW, *_CUT)}
        self._robots = _Distinct[Robot]()
        self._facts = tuple(_Distinct[Facts]() for _ in _FACTS)

    def add(self, received_at: int, batch: Batch, told: Told) -> None:
        """The clicks of a batch with what was told of them; `received_at` is in unix milliseconds."""
        clicks = batch.clicks
        self._batches.append((batch.batch_id, batch.edge, received_at, len(clicks)))
        for name, (read, _) in _OWN.items():
            self._own[name].extend(map(read, clicks))
        for name, read in _FEW.items():
            self._few[name].add(map(read, clicks))
        for name, read in _CUT.items():
            self._few[name].add(read(told))
        for facts, of_clicks in zip(self._facts, (told.utm, told.place, told.agent, told.source), strict=True):
            facts.add(of_clicks)
        self._robots.add(told.robot)
        self._visitors += b"".join(told.visitor)
        self._addresses += told.ip

    def table(self) -> BlockTable | None:
        """All that is known of the clicks before others decide on them; None where there are none."""
        if not self._addresses:
            return None
        columns = self._of_batches() | self._of_clicks()
        for names, facts in zip(_FACTS, self._facts, strict=True):
            of_clicks = facts.of_clicks
            values = zip(*(each.columns for each in facts.values), strict=True)
            columns |= {name: spread(name, column, of_clicks) for name, column in zip(names, values, strict=True)}
        batches = [(batch_id, clicks) for batch_id, _, _, clicks in self._batches]
        return BlockTable(columns, batches, self._verdicts(), self._robots.values, self._robots.of_clicks)

    def _of_batches(self) -> dict[str, pa.Array]:
        ids, edges, received, clicks = zip(*self._batches, strict=True)
        of_clicks = np.repeat(np.arange(len(clicks), dtype=np.int32), clicks)
        return {
            "batch_id": spread("batch_id", ids, of_clicks),
            "edge": spread("edge", edges, of_clicks),
            "received_at": pa.array(np.array(received, np.int64)[of_clicks]).cast(TIME),
            "enriched_by": spread("enriched_by", (self._enriched_by,), np.zeros(len(of_clicks), np.int32)),
        }

    def _of_clicks(self) -> dict[str, pa.Array]:
        return {
            **{name: pa.array(self._own[name], written) for name, (_, written) in _OWN.items()},
            **{name: spread(name, _stored(name, each.values), each.of_clicks) for name, each in self._few.items()},
            "visitor": pa.array(np.frombuffer(bytes(self._visitors), "<u8")),
            "ip": pa.array(self._addresses, pa.string()),
        }

    def _verdicts(self) -> Codes:
        kinds, robots = self._few["kind"], self._robots
        by_robot = [
            [CODES[verdict_of(kind, robot=bool(robot.reason))] for robot in robots.values] for kind in kinds.values
        ]
        return np.array(by_robot, np.int8)[kinds.of_clicks, robots.of_clicks]


def _stored(name: str, values: Sequence[Any]) -> Sequence[Any]:
    return [number(value) for value in values] if name in {"variant", "rule"} else values
