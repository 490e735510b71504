"""The outbox as kvsync uses it: claim due changes, and write down what came of them."""

import os
import socket
import time
import uuid
from typing import Any

from psycopg import AsyncConnection

from kvsync import feed
from kvsync.changes import Change, Claim, Outcome
from kvsync.errors import KvUncertain
from kvsync.settings import Settings
from kvsync.sql import statements

_SQL = statements("outbox.sql")
# A key that KV itself put off waits this long at most.
_LONGEST_PUT_OFF_SECONDS = 60.0


class Outbox:
    """One worker's view of the tables `outbox` and `kv_keys`. Every method raises psycopg.Error when Postgres fails."""

    def __init__(self, connection: AsyncConnection[Any], settings: Settings) -> None:
        self._connection = connection
        self._settings = settings

    async def claim(self, rows: int) -> Claim:
        """Lease the keys of so many due changes at most; an empty claim when there are none."""
        # Taken before the statement is sent, so that our clock gives up before Postgres's lease ends.
        deadline = time.monotonic() + self._settings.kv_lease_seconds
        owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
        cursor = await self._connection.execute(
            _SQL["claim"],
            {
                "owner": owner,
                "rows": rows,
                "lease": self._settings.kv_lease_seconds,
                "key_interval": self._settings.kv_key_interval_seconds,
            },
        )
        return Claim(owner, deadline, [Change(*row) for row in await cursor.fetchall()])

    async def renew(self, claim: Claim, keys: list[str]) -> set[str]:
        """Prolong the leases of these keys; returns those that are still ours."""
        deadline = time.monotonic() + self._settings.kv_lease_seconds
        cursor = await self._connection.execute(
            _SQL["renew"], {"owner": claim.owner, "keys": keys, "lease": self._settings.kv_lease_seconds}
        )
        claim.deadline = deadline
        return {row[0] for row in await cursor.fetchall()}

    async def finish(self, claim: Claim, outcome: Outcome) -> None:
        """Write down, in one transaction, what was published and what was not, and drop the leases."""
        old = [change for change in claim.changes if change.superseded]
        uncertain = {change.key for change in outcome.uncertain}
        async with self._connection.transaction():
            await self._drop([(c.key, c.published) for c in old] + [(c.key, c.version) for c in outcome.written])
            await self._record(claim, outcome.written)
            await feed.tell(self._connection, outcome.written)
            await self._poison(outcome.refused)
            await self._put_off(outcome.put_off, "KV asked to write this key again")
            unwritten = [c for c in claim.changes if not c.superseded and c.key not in outcome.settled()]
            if outcome.error:
                await self._note(unwritten, str(outcome.error))
            free = [c.key for c in claim.changes if c.key not in uncertain]
            await self._connection.execute(_SQL["release"], {"owner": claim.owner, "keys": free})
            await self._hold(claim, outcome)

    async def waiting(self, last: int) -> int:
        """How many changes up to this row wait, those that are set aside left out."""
        row = await (await self._connection.execute(_SQL["waiting"], {"last": last})).fetchone()
        return int(row[0]) if row else 0

    async def next_due(self) -> float | None:
        """Seconds until the first change can be claimed, None when none waits."""
        cursor = await self._connection.execute(
            _SQL["next_due"], {"key_interval": self._settings.kv_key_interval_seconds}
        )
        row = await cursor.fetchone()
        return None if row is None else row[0]

    async def _drop(self, done: list[tuple[str, int]]) -> None:
        if done:
            await self._connection.execute(_SQL["drop_changes"], _columns(done))

    async def _record(self, claim: Claim, written: list[Change]) -> None:
        if written:
            deleted = [change.value is None for change in written]
            columns = _columns([(change.key, change.version) for change in written])
            await self._connection.execute(
                _SQL["record_written"], {**columns, "deleted": deleted, "owner": claim.owner}
            )

    async def _poison(self, refused: list[tuple[Change, str]]) -> None:
        if refused:
            columns = _columns([(change.key, change.version) for change, _ in refused])
            await self._connection.execute(_SQL["poison"], {**columns, "errors": [error for _, error in refused]})
            await self._connection.execute(_SQL["drop_superseded"], columns)

    async def _put_off(self, changes: list[Change], error: str) -> None:
        delay = max(1.0, self._settings.kv_backoff_seconds * 4)
        await self._note(changes, error, min(delay, _LONGEST_PUT_OFF_SECONDS))

    async def _hold(self, claim: Claim, outcome: Outcome) -> None:
        seconds = outcome.error.settles_in if isinstance(outcome.error, KvUncertain) else None
        if outcome.uncertain and seconds is not None:
            keys = [change.key for change in outcome.uncertain]
            await self._connection.execute(_SQL["shorten"], {"owner": claim.owner, "keys": keys, "seconds": seconds})

    async def _note(self, changes: list[Change], error: str, delay: float = 0) -> None:
        if changes:
            columns = _columns([(change.key, change.version) for change in changes])
            await self._connection.execute(_SQL["put_off"], {**columns, "error": error, "delay": delay})


def _columns(pairs: list[tuple[str, int]]) -> dict[str, Any]:
    return {"keys": [key for key, _ in pairs], "versions": [version for _, version in pairs]}
