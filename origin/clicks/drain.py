"""Moves clicks from the spool to ClickHouse, each counted once whatever is killed when.

A block's bounds are journaled before anything else, so an attempt after a crash works on the very same bytes. Its batches
are claimed in Postgres under the block's id: a batch that another block has is stored as duplicates, at each attempt the same.
The insert carries the block's id as its deduplication token. Then links with a click cap are counted under the same id, and
only then is the block's end journaled. While ClickHouse works on a block the next one is decoded and enriched, which nothing
but its bytes decides.
"""

import asyncio
import contextlib
import random
import time
from functools import partial

import anyio.to_thread
import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from origin.clicks import metrics
from origin.clicks.block_table import Made
from origin.clicks.blocks import BlockReader, BlockRows, Prepared
from origin.clicks.caps import Caps
from origin.clicks.claims import KEEP_DAYS, BatchClaims
from origin.clicks.edge_counters import EdgeCounters
from origin.clicks.journal import Block, Journal
from origin.clicks.link_caps import LinkCaps
from origin.clicks.retention import Retention
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
        self._in_hand: Prepared | None = None
        self._ahead: asyncio.Task[Prepared | None] | None = None
        self._next_prune = 0.0
        self._oldest = 0.0  # unix seconds; 0: nothing waits
        self.problem = ""

    @property
    def lag_seconds(self) -> float:
        """Age of the oldest batch that ClickHouse does not have."""
        return time.time() - self._oldest if self._oldest else 0.0

    async def run(self) -> None:
        """Until `stop` and an empty spool, or until it is cancelled."""
        try:
            while True:
                stopping = self._stopping.is_set()  # before the look: what comes during it is looked for again
                await self._drain_all()
                if stopping:
                    return
                await self._wait_for_clicks()
        finally:
            if self._ahead is not None:
                self._ahead.cancel()

    async def is_done(self) -> bool:
        """Whether nothing is spooled that ClickHouse does not have."""
        return (
            self._journal.block is None
            and await anyio.to_thread.run_sync(self._reader.next, self._journal.position) is None
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
        prepared = await self._begun()
        if prepared is None:
            self._oldest = 0.0
            return False
        block, self._oldest = prepared.block, prepared.oldest
        made = await self._made(prepared, block_id := self._journal.id_of(block))
        self._look_ahead(Position(block.segment, block.end))
        if made is not None:
            with metrics.INSERT_SECONDS.time():
                await self._clickhouse.insert_arrow("clicks", made.rows, block_id)
            metrics.STORED.inc(made.rows.num_rows)
            metrics.DUPLICATES.inc(made.duplicates)
            await self._link_caps.count(block_id, made.links, made.times)
        self._in_hand = None
        await anyio.to_thread.run_sync(self._journal.finish, Position(block.segment, block.end))
        await anyio.to_thread.run_sync(self._spool.forget_before, block.segment)
        return True

    async def _begun(self) -> Prepared | None:
        """The block in hand, prepared: as before where an attempt failed, read again after a crash, or the next one."""
        if self._in_hand is None and (begun := self._journal.block) is not None:
            self._in_hand = await anyio.to_thread.run_sync(self._read_again, begun)
        elif self._in_hand is None:
            capped = await self._caps.reached()  # before the block is taken, which a failure here would throw away
            if (prepared := await self._next()) is not None:
                block = msgspec.structs.replace(prepared.block, capped=capped)
                await anyio.to_thread.run_sync(self._journal.begin, block)
                self._in_hand = prepared._replace(block=block)
        return self._in_hand

    async def _next(self) -> Prepared | None:
        """The next block; the one that was prepared ahead, where there is one."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and (prepared := await ahead) is not None:
            return prepared
        return await anyio.to_thread.run_sync(self._prepare_next, self._journal.position)

    def _look_ahead(self, position: Position) -> None:
        """Prepare what comes next while ClickHouse works, if it is a whole block: a small one had better wait for more."""
        if self._ahead is None:
            self._ahead = asyncio.create_task(
                anyio.to_thread.run_sync(partial(self._prepare_next, position, full=True)), name="click-drain-ahead"
            )

    def _prepare_next(self, position: Position, *, full: bool = False) -> Prepared | None:
        chosen = self._reader.next(position, full=full)
        return chosen and self._rows.prepare(chosen.block, chosen.frames)

    def _read_again(self, block: Block) -> Prepared:
        return self._rows.prepare(block, self._reader.frames(block))

    async def _made(self, prepared: Prepared, block_id: str) -> Made | None:
        """The rows; None where there are none."""
        await self._edges.note(prepared.heads)
        mine = await self._claims.claim(block_id, sorted({batch.batch_id for batch in prepared.heads}))
        keep_days = await self._retention.days()
        if prepared.table is None:
            return None
        return await anyio.to_thread.run_sync(prepared.table.make, block_id, mine, prepared.block.capped, keep_days)

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
