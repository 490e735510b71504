"""Brings conversions to ClickHouse, and looks for clicks that had not arrived when somebody named them.

Both are asked of Postgres, row by row with `SKIP LOCKED`, so any number of processes may do it. What goes to ClickHouse goes in
blocks that are noted in Postgres before: whoever sends one that a killed process has left sends it under the same token.
Nothing is held while clicks are looked for, and each workspace's are credited in a transaction of their own: none keeps
up another.
"""

import asyncio
import contextlib
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.clicks.retention import Retention
from origin.conversions import store
from origin.conversions.facts import ClickFinder, FoundClick
from origin.conversions.outbound import Outbound
from origin.ending import end
from origin.storage.clickhouse import ClickHouse, ClickHouseUnavailable
from origin.storage.tables import Row

_IDLE_SECONDS = 0.5
_PAUSE_AFTER_FAILURE = 2.0
_MOST_AT_ONCE = 500
_BLOCK = 1000
_GATHER_SECONDS = 0.4  # between blocks that are not full: each costs ClickHouse a part in three tables
STORED = Counter("nearhop_conversions_stored_total", "Conversions that ClickHouse was given, changed ones included.")
FAILURES = Counter("nearhop_conversion_drain_failures_total", "Attempts to credit or store conversions that failed.")
_log = structlog.get_logger(__name__)


class ConversionDrain:
    """`start` it with the app, `stop` it before ClickHouse is closed."""

    def __init__(self, engine: AsyncEngine, clickhouse: ClickHouse, clicks: ClickFinder, retention: Retention) -> None:
        self._engine = engine
        self._clicks = clicks
        self._outbound = Outbound(clickhouse, retention)
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._hurry = False

    def wake(self) -> None:
        """There is something new."""
        self._news.set()

    def start(self) -> None:
        """Work from now on."""
        self._task = asyncio.create_task(self._run(), name="conversion-drain")

    async def stop(self) -> None:
        """End; what is under way is done again by whoever comes next."""
        if self._task is not None:
            await end(self._task)
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def work(self) -> bool:
        """Look for clicks that are due, and bring one block of conversions to ClickHouse; False when there was nothing."""
        try:
            sought = await self._seek()
        except (SQLAlchemyError, OSError) as error:  # what is credited already is brought all the same
            _note_failure("clicks_not_credited", error)
            sought = False
        return await self._store() or sought

    async def _run(self) -> None:
        while True:
            self._news.clear()  # before the look: what comes during it is looked for again
            pause = _IDLE_SECONDS
            try:
                while await self.work():
                    if not self._hurry:
                        await asyncio.sleep(_GATHER_SECONDS)
            except (ClickHouseUnavailable, SQLAlchemyError, OSError) as error:
                _note_failure("conversions_not_stored", error)
                pause = _PAUSE_AFTER_FAILURE
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), pause)

    async def _seek(self) -> bool:
        """Whether any click was found."""
        async with self._engine.begin() as connection:
            values = {"days": store.GIVE_UP_DAYS, "most": _MOST_AT_ONCE}
            due = list(await connection.execute(store.SQL["due"], values))
        changed = False
        for workspace_id, rows in _by_workspace(due):
            clicks = await self._clicks.find(workspace_id, {each.click_id for each in rows})
            news = [each for each in rows if each.click_id in clicks or each.late]
            changed = await self._credit(workspace_id, news, clicks) or changed
        return changed

    async def _credit(self, workspace_id: int, rows: list[Row], clicks: Mapping[str, FoundClick]) -> bool:
        """Credit all at once, or each alone where one of them can't be; that is looked for again later."""
        try:
            return bool(rows) and await self._credit_together(workspace_id, rows, clicks)
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            if len(rows) > 1:
                return any([await self._credit(workspace_id, [each], clicks) for each in rows])
            _note_failure("click_not_credited", error, click_id=rows[0].click_id)
            return False

    async def _credit_together(self, workspace_id: int, rows: list[Row], clicks: Mapping[str, FoundClick]) -> bool:
        found = {each.id: each.click_id for each in rows if each.click_id in clicks}
        given_up = [each.id for each in rows if each.id not in found]
        async with self._engine.begin() as connection:
            await store.hold(connection, {each.customer_id for each in rows if each.customer_id is not None})
            theirs = {name: clicks[name] for name in found.values()}
            customers = await store.found(connection, workspace_id, list(found), theirs)
            owners = (await connection.execute(store.SQL["give_up"], {"ids": given_up})).scalars()
            customers |= {number for number in owners if number is not None}
            await store.attribute(connection, customers)
        return bool(customers)

    async def _store(self) -> bool:
        """Claim what is new, and bring a block to ClickHouse; False when there was none."""
        async with self._engine.begin() as connection:
            await connection.execute(store.SQL["claim"], {"block": secrets.randbits(62), "most": _BLOCK})
        async with self._engine.begin() as connection:
            block = (await connection.execute(store.SQL["take_block"])).scalar_one_or_none()
            if block is None:
                return False
            found = list(await connection.execute(store.SQL["in_block"], {"block": block}))
            await self._outbound.send(block, found)
            await connection.execute(store.SQL["stored"], {"block": block})
        self._hurry = len(found) == _BLOCK
        STORED.inc(len(found))
        return True


def _note_failure(event: str, error: Exception, **more: str) -> None:
    FAILURES.inc()
    _log.warning(event, error=str(error)[:500], **more)


def _by_workspace(rows: Iterable[Row]) -> Iterable[tuple[int, list[Row]]]:
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for each in rows:
        found[each.workspace_id].append(each)
    return found.items()
