"""A block's clicks as columns that wait for what others decide: which batches are this block's, whose month is over."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]  # has no types of its own
import pyarrow.compute as pc  # type: ignore[import-untyped]  # the same

from origin.clicks.bots import BY_SWEEP, sweeping
from origin.clicks.enrich import Robot
from origin.clicks.row import BOT, CAPPED, CLICK, DUPLICATE, ClickRow

Codes = npt.NDArray[np.int8]
Numbers = npt.NDArray[np.int64]

TIME = pa.timestamp("ms", tz="UTC")
_VERDICTS = (CLICK, "head", "prefetch", "preview", BOT, DUPLICATE, CAPPED)
CODES = {verdict: code for code, verdict in enumerate(_VERDICTS)}
# Of clicks beyond the month's count people were led on as well: a link's cap is about who gets there.
_LED_ON = (CODES[CLICK], CODES[CAPPED])
# Texts of which a block has about as many as clicks or links; all others are written as numbers into a list of distinct ones.
_MANY = frozenset({"batch_id", "code", "url", "path", "query"})
_TYPES = {"parameters": pa.map_(pa.string(), pa.string()), "latitude": pa.float32(), "longitude": pa.float32()}
_NAMES = list(ClickRow._fields)
_SWEEP = Robot(BY_SWEEP, BY_SWEEP)


class Made(NamedTuple):
    """What goes to ClickHouse, when people were led on by which link (unix milliseconds), and how many came again."""

    rows: pa.RecordBatch
    links: Numbers
    times: Numbers
    duplicates: int


class BlockTable:
    """Made into rows as often as it takes."""

    def __init__(
        self,
        columns: Mapping[str, pa.Array],
        batches: Sequence[tuple[str, int]],
        verdicts: Codes,
        robots: Sequence[Robot],
        robot_of: npt.NDArray[np.int32],
    ) -> None:
        """`batches`: their ids, and how many clicks each has. `robot_of`: of each click, which of the robots made it."""
        self._columns = columns
        self._batches = batches
        self._verdicts = verdicts
        self._robots = [*robots, _SWEEP]
        self._robot_of = robot_of
        self._times = columns["timestamp"].cast(pa.int64()).to_numpy()
        self._workspaces, self._links = (columns[name].to_numpy() for name in ("workspace_id", "link_id"))

    def make(self, block_id: str, mine: Collection[str], capped: Sequence[int], keep_days: Mapping[int, int]) -> Made:
        """The rows: of batches that are not `mine`, or come again, as duplicates; of `capped` workspaces as capped."""
        verdicts = self._verdicts.copy()
        verdicts[repeated := self._repeated(mine)] = CODES[DUPLICATE]
        sweepers = self._sweepers(verdicts)
        verdicts[sweepers] = CODES[BOT]
        verdicts[(verdicts == CODES[CLICK]) & np.isin(self._workspaces, capped)] = CODES[CAPPED]
        columns = {
            **self._columns,
            **self._robot_columns(sweepers),
            "block_id": spread("block_id", (block_id,), np.zeros(len(verdicts), np.int32)),
            "verdict": pa.DictionaryArray.from_arrays(verdicts, pa.array(_VERDICTS)),
            "keep_days": pa.array(_kept(self._workspaces, keep_days)),
        }
        led_on = np.isin(verdicts, _LED_ON)
        rows = pa.record_batch([columns[name] for name in _NAMES], names=_NAMES)
        return Made(rows, self._links[led_on], self._times[led_on], int(repeated.sum()))

    def _repeated(self, mine: Collection[str]) -> npt.NDArray[np.bool_]:
        """Of each click, whether its batch is counted elsewhere: in another block, or before in this one."""
        left, repeated = set(mine), []
        for batch_id, _ in self._batches:
            repeated.append(batch_id not in left)
            left.discard(batch_id)
        return np.repeat(np.array(repeated, bool), [clicks for _, clicks in self._batches])

    def _sweepers(self, verdicts: Codes) -> Numbers:
        has_address = pc.binary_length(self._columns["ip"]).to_numpy() > 0
        visitors = self._columns["visitor"].to_numpy()
        return sweeping((verdicts == CODES[CLICK]) & has_address, visitors, self._times // 1000, self._links)

    def _robot_columns(self, sweepers: Numbers) -> dict[str, pa.Array]:
        robot_of = self._robot_of.copy()
        robot_of[sweepers] = len(self._robots) - 1
        names, reasons = zip(*self._robots, strict=True)
        return {
            "bot": pa.array(np.array([bool(reason) for reason in reasons])[robot_of]),
            "bot_name": spread("bot_name", names, robot_of),
            "bot_reason": spread("bot_reason", reasons, robot_of),
        }


def spread(name: str, values: Sequence[Any], of_clicks: npt.NDArray[np.int32]) -> pa.Array:
    """A column of which click n has the value with the number `of_clicks[n]`."""
    if name in _TYPES:
        given = [list(value.items()) for value in values] if name == "parameters" else values
        return pa.array(given, _TYPES[name]).take(pa.array(of_clicks))
    if not isinstance(values[0], str):
        return pa.array(np.array(values, np.int64)[of_clicks])
    if name in _MANY:
        return pa.array(values, pa.string()).take(pa.array(of_clicks))
    # Each distinct text once: ClickHouse takes the numbers as they are.
    numbers: dict[str, int] = defaultdict(count().__next__)
    renumbered = np.array([numbers[value] for value in values], np.int32)
    return pa.DictionaryArray.from_arrays(renumbered[of_clicks], pa.array(list(numbers), pa.string()))


def _kept(workspaces: Numbers, keep_days: Mapping[int, int]) -> Numbers:
    different, of_clicks = np.unique(workspaces, return_inverse=True)
    return np.array([keep_days.get(each, 0) for each in different.tolist()], np.int64)[of_clicks]
