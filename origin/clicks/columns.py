"""The clicks of a block as columns for ClickHouse, in Arrow's format: most of them are few values, each written once.

Rows of Python objects would take longer to make and to write than ClickHouse takes to store them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]  # has no types of its own

from origin.clicks.bots import BY_SWEEP, sweeping
from origin.clicks.enrich import Facts, Told, number
from origin.clicks.event import Batch
from origin.clicks.row import BOT, CAPPED, CLICK, DUPLICATE, ClickRow

Numbers = npt.NDArray[np.int64]

_TIME = pa.timestamp("ms", tz="UTC")
_VERDICTS = (CLICK, "head", "prefetch", "preview", BOT, DUPLICATE, CAPPED)
_CODE = {verdict: code for code, verdict in enumerate(_VERDICTS)}
# Of clicks beyond the month's count people were led on as well: a link's cap is about who gets there.
_LED_ON = (_CODE[CLICK], _CODE[CAPPED])
# Texts of which a block has about as many as clicks or links; all others are written as numbers into a list of distinct ones.
_MANY = frozenset({"click_id", "batch_id", "code", "url", "path", "query", "ip"})
_TYPES = {"parameters": pa.map_(pa.string(), pa.string()), "latitude": pa.float32(), "longitude": pa.float32()}
_NAMES = ClickRow._fields
_FACTS = (
    _NAMES[_NAMES.index("workspace_id") : _NAMES.index("country")],
    _NAMES[_NAMES.index("country") : _NAMES.index("user_agent")],
    _NAMES[_NAMES.index("user_agent") : _NAMES.index("referer")],
    _NAMES[_NAMES.index("referer") :],
)
_OWN = ("click_id", "timestamp", "kind", "trigger", "variant", "rule")
_TOLD = ("verdict", "bot_name", "bot_reason", "language", "visitor", "ip")  # as they follow the facts in Told


class Made(NamedTuple):
    """What goes to ClickHouse, when people were led on by which link (unix milliseconds), and how many came again."""

    rows: pa.RecordBatch
    links: Numbers
    times: Numbers
    duplicates: int


class _Distinct:
    """Facts, numbered as they come, and which of them each click has."""

    def __init__(self) -> None:
        self._numbers: dict[Facts, int] = defaultdict(count().__next__)
        self._of_clicks: list[int] = []

    def add(self, facts: Iterable[Facts]) -> None:
        self._of_clicks.extend(map(self._numbers.__getitem__, facts))

    def columns(self, names: Sequence[str]) -> dict[str, pa.Array]:
        of_clicks = np.array(self._of_clicks, np.int32)
        columns = zip(*(facts.columns for facts in self._numbers), strict=True)
        return {name: _spread(name, column, of_clicks) for name, column in zip(names, columns, strict=True)}


class BlockColumns:
    """Filled batch by batch, then made into rows as often as it takes. What others decide is put in last."""

    def __init__(self, enriched_by: str) -> None:
        self._enriched_by = enriched_by
        self._batches: list[tuple[str, str, int, int]] = []  # id, edge, received at, clicks
        self._own: dict[str, list[Any]] = {name: [] for name in _OWN}
        self._told: dict[str, list[Any]] = {name: [] for name in _TOLD}
        self._facts = tuple(_Distinct() for _ in _FACTS)

    def __len__(self) -> int:
        return len(self._own["click_id"])

    def add(self, received_at: int, batch: Batch, told: Sequence[Told]) -> None:
        """The clicks of a batch with what was told of each; `received_at` is in unix milliseconds."""
        clicks, own = batch.clicks, self._own
        self._batches.append((batch.batch_id, batch.edge, received_at, len(clicks)))
        if not clicks:
            return
        own["click_id"] += [click.id for click in clicks]
        own["timestamp"] += [click.at for click in clicks]
        own["kind"] += [click.kind for click in clicks]
        own["trigger"] += [click.trigger for click in clicks]
        own["variant"] += [number(click.variant) for click in clicks]
        own["rule"] += [number(click.rule) for click in clicks]
        columns = list(zip(*told, strict=True))
        for distinct, facts in zip(self._facts, columns, strict=False):
            distinct.add(facts)
        for kept, column in zip(self._told.values(), columns[len(_FACTS) :], strict=True):
            kept.extend(column)

    def make(self, block_id: str, mine: Collection[str], capped: Sequence[int], keep_days: Mapping[int, int]) -> Made:
        """The rows: of batches that are not `mine`, or come again, as duplicates; of `capped` workspaces as capped."""
        columns = self._of_batches(block_id)
        for names, distinct in zip(_FACTS, self._facts, strict=True):
            columns |= distinct.columns(names)
        times = np.array(self._own["timestamp"], np.int64)
        workspaces, links = columns["workspace_id"].to_numpy(), columns["link_id"].to_numpy()
        verdicts = np.array([_CODE[verdict] for verdict in self._told["verdict"]], np.int8)
        verdicts[repeated := self._repeated(mine)] = _CODE[DUPLICATE]
        sweepers = self._sweepers(verdicts, times, links)
        verdicts[sweepers] = _CODE[BOT]
        verdicts[(verdicts == _CODE[CLICK]) & np.isin(workspaces, capped)] = _CODE[CAPPED]
        columns |= {
            **self._of_clicks(sweepers),
            "timestamp": pa.array(times).cast(_TIME),
            "verdict": pa.DictionaryArray.from_arrays(verdicts, pa.array(_VERDICTS)),
            "keep_days": pa.array(_kept(workspaces, keep_days)),
        }
        led_on = np.isin(verdicts, _LED_ON)
        rows = pa.record_batch([columns[name] for name in _NAMES], names=list(_NAMES))
        return Made(rows, links[led_on], times[led_on], int(repeated.sum()))

    def _sweepers(self, verdicts: npt.NDArray[np.int8], times: Numbers, links: Numbers) -> Numbers:
        has_address = np.fromiter(map(bool, self._told["ip"]), bool)
        visitors = np.array(self._told["visitor"], np.uint64)
        return sweeping((verdicts == _CODE[CLICK]) & has_address, visitors, times // 1000, links)

    def _of_clicks(self, sweepers: Numbers) -> dict[str, pa.Array]:
        own, told = self._own, self._told
        names, reasons = (_replaced(told[name], sweepers, BY_SWEEP) for name in ("bot_name", "bot_reason"))
        return {
            **{name: _text(name, own[name]) for name in ("click_id", "kind", "trigger")},
            **{name: _text(name, told[name]) for name in ("language", "ip")},
            **{name: pa.array(own[name], pa.int16()) for name in ("variant", "rule")},
            "visitor": pa.array(told["visitor"], pa.uint64()),
            "bot": pa.array([bool(reason) for reason in reasons], pa.bool_()),
            "bot_name": _text("bot_name", names),
            "bot_reason": _text("bot_reason", reasons),
        }

    def _repeated(self, mine: Collection[str]) -> npt.NDArray[np.bool_]:
        """Of each click, whether its batch is counted elsewhere: in another block, or before in this one."""
        left, repeated = set(mine), []
        for batch_id, _, _, _ in self._batches:
            repeated.append(batch_id not in left)
            left.discard(batch_id)
        return np.repeat(np.array(repeated, bool), self._clicks())

    def _of_batches(self, block_id: str) -> dict[str, pa.Array]:
        of_clicks = np.repeat(np.arange(len(self._batches), dtype=np.int32), self._clicks())
        ids, edges, received, _ = zip(*self._batches, strict=True)
        nothing = np.zeros(len(self), np.int8)
        return {
            "batch_id": _spread("batch_id", ids, of_clicks),
            "edge": _spread("edge", edges, of_clicks),
            "received_at": pa.array(np.array(received, np.int64)[of_clicks]).cast(_TIME),
            "block_id": _spread("block_id", (block_id,), nothing),
            "enriched_by": _spread("enriched_by", (self._enriched_by,), nothing),
        }

    def _clicks(self) -> list[int]:
        return [clicks for _, _, _, clicks in self._batches]


def _spread(name: str, values: Sequence[Any], of_clicks: npt.NDArray[Any]) -> pa.Array:
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


def _text(name: str, values: Sequence[str]) -> pa.Array:
    column = pa.array(values, pa.string())
    return column if name in _MANY else column.dictionary_encode()


def _replaced(values: Sequence[str], where: Numbers, value: str) -> list[str]:
    changed = list(values)
    for index in where.tolist():
        changed[index] = value
    return changed


def _kept(workspaces: Numbers, keep_days: Mapping[int, int]) -> Numbers:
    different, of_clicks = np.unique(workspaces, return_inverse=True)
    return np.array([keep_days.get(each, 0) for each in different.tolist()], np.int64)[of_clicks]
