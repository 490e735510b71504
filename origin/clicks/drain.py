"""Moves clicks from the spool to ClickHouse, each counted once whatever is killed when.

A block's bounds are journaled before anything else, so an attempt after a crash works on the very same bytes. Its batches
are claimed in Postgres under the block's id: a batch that another block has is stored as duplicates, at each attempt the same.
The insert carries the block's id as its deduplication token. Then links with a click cap are counted under the same id, and
only then is the block's end journaled.
"""

import asyncio
import contextlib
import random
import time

import anyio.to_thread
import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from origin.clicks import metrics
from origin.clicks.blocks import BlockReader, BlockRows, no_collection
from origin.clicks.caps import Caps
from origin.clicks.claims import KEEP_DAYS, BatchClaims
from origin.clicks.edge_counters import EdgeCounters
from origin.clicks.journal import Block, Journal
from origin.clicks.link_caps import LinkCaps
from origin.clicks.retention import Retention
from origin.clicks.row import ClickRow
from origin.clicks.segments import Position
from origin.clicks.spool import Spool
from origin.storage.clickhouse import ClickHouse, ClickHouseUnavailable

_IDLE_SECONDS = 1.0
_FIRST_BACKOFF = 0.2
_LONGEST_BACKOFF = 10.0
_PRUNE_SECONDS = 3600.0
_PARTS: dict[type[Exception], str] = {ClickHouseUnavailable: "clickhouse", SQLAlchemyError: "postgres", OSError: "disk"}
_log = structlog.get_logger(__name__)


class Drain:
    """`run` it as a task; `stop` lets it finish what is spooled."""

    def __init__(
        self,
        spool: Spool,
        journal: Journal,
        reader: BlockReader,
        rows: BlockRows,
        claims: BatchClaims,
        caps: Caps,
        link_caps: LinkCaps,
        edges: EdgeCounters,
        retention: Retention,
        clickhouse: ClickHouse,
        *,
        linger_seconds: float,
    ) -> None:
        self._spool = spool
        self._journal = journal
        self._reader = reader
        self._rows = rows
        self._claims = claims
        self._caps = caps
        self._link_caps = link_caps
        self._edges = edges
        self._retention = retention
        self._clickhouse = clickhouse
        self._linger_seconds = linger_seconds
        self._stopping = asyncio.Event()
        self._next_prune = 0.0
        self._oldest = 0.0  # unix seconds; 0: nothing waits
        self.problem = ""

    @property
    def lag_seconds(self) -> float:
        """Age of the oldest batch that ClickHouse does not have."""
        return time.time() - self._oldest if self._oldest else 0.0

    async def run(self) -> None:
        """Until `stop` and an empty spool, or until it is cancelled."""
        while True:
            stopping = self._stopping.is_set()  # before the look: what comes during it is looked for again
            await self._drain_all()
            if stopping:
                return
            await self._wait_for_clicks()

    async def is_done(self) -> bool:
        """Whether nothing is spooled that ClickHouse does not have."""
        return self._journal.block is None and not await anyio.to_thread.run_sync(
            self._reader.choose, self._journal.position
        )

    def stop(self) -> None:
        """Have `run` return once the spool is empty."""
        self._stopping.set()
        self._spool.arrived.set()

    async def _drain_all(self) -> None:
        """Drain what there is, through all failures."""
        backoff = _FIRST_BACKOFF
        while True:
            try:
                if not await self.drain_block():
                    await self._prune_sometimes()
                    return
            except (ClickHouseUnavailable, SQLAlchemyError, OSError) as error:
                self._note(error)
                await asyncio.sleep(backoff * random.uniform(0.5, 1.0))  # noqa: S311  # jitter
                backoff = min(backoff * 2, _LONGEST_BACKOFF)
            else:
                self.problem, backoff = "", _FIRST_BACKOFF

    async def drain_block(self) -> bool:
        """Bring one block to ClickHouse; False when there is none."""
        block = self._journal.block or await self._begin_block()
        if block is None:
            self._oldest = 0.0
            return False
        block_id = self._journal.id_of(block)
        rows = await self._rows_of(block, block_id)
        if rows:
            with metrics.INSERT_SECONDS.time():
                columns = await anyio.to_thread.run_sync(_columns, rows)
                await self._clickhouse.insert("clicks", ClickRow._fields, columns, block_id)
            metrics.STORED.inc(len(rows))
            await self._link_caps.count(block_id, rows)
        await anyio.to_thread.run_sync(self._journal.finish, Position(block.segment, block.end))
        await anyio.to_thread.run_sync(self._spool.forget_before, block.segment)
        return True

    async def _begin_block(self) -> Block | None:
        block = await anyio.to_thread.run_sync(self._reader.choose, self._journal.position)
        if block is not None:
            block = msgspec.structs.replace(block, capped=await self._caps.reached())
            await anyio.to_thread.run_sync(self._journal.begin, block)
        return block

    async def _rows_of(self, block: Block, block_id: str) -> list[ClickRow]:
        frames = await anyio.to_thread.run_sync(self._reader.frames, block)
        self._oldest = frames[0].received_at if frames else 0.0
        batches = await anyio.to_thread.run_sync(self._rows.decode, frames)
        await self._edges.note([batch for _, batch in batches])
        mine = await self._claims.claim(block_id, sorted({batch.batch_id for _, batch in batches}))
        keep_days = await self._retention.days()
        return await anyio.to_thread.run_sync(self._rows.rows, block_id, batches, mine, block.capped, keep_days)

    async def _wait_for_clicks(self) -> None:
        arrived = self._spool.arrived
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(arrived.wait(), _IDLE_SECONDS)
        if arrived.is_set() and not self._stopping.is_set():
            # Few clicks: let some more come, as ten small inserts cost ClickHouse more than one.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._linger_seconds)
        arrived.clear()

    async def _prune_sometimes(self) -> None:
        if time.monotonic() >= self._next_prune:
            await self._claims.prune()
            await self._link_caps.prune(KEEP_DAYS)
            await self._edges.fold()
            await self._retention.apply()
            self._next_prune = time.monotonic() + _PRUNE_SECONDS

    def _note(self, error: Exception) -> None:
        part = next(name for kind, name in _PARTS.items() if isinstance(error, kind))
        metrics.FAILURES.labels(part).inc()
        self.problem = f"{part}: {error}"
        _log.warning("drain_failed", part=part, error=str(error)[:500])


def _columns(rows: list[ClickRow]) -> list[tuple[object, ...]]:
    with no_collection():
        return list(zip(*rows, strict=True))
