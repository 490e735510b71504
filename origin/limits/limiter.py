"""The limiter: asks Postgres for some requests at a time, and spends them from memory."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
import structlog
from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from origin.limits.lease import Lease, Limit, Standing
from origin.storage import named_sql

_SQL = {name: sa.text(query) for name, query in named_sql.load(Path(__file__).with_name("take.sql")).items()}
_PATIENCE_SECONDS = 0.25
_REST_SECONDS = 1.0
_MOST_LEASES = 50_000

LIMITED = Counter("nearhop_rate_limited_total", "Requests refused by a rate limit, by whose it was.", ["what"])
OPEN = Counter(
    "nearhop_rate_limit_open_total",
    "Requests let through unlimited since the limits' store failed, by how.",
    ["reason"],
)

_log = structlog.get_logger("origin.limits")


class StoreSilent(Exception):
    """Postgres did not answer a rate limit's question in time: requests pass unlimited until it does."""


class Limiter:
    """Counts requests by limit and name. One for each process; safe to use from many requests at once."""

    def __init__(
        self, engine: AsyncEngine, *, patience: float = _PATIENCE_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        # One statement is one transaction here: nothing of it belongs to the request's own.
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._patience = patience
        self._clock = clock
        self._leases: OrderedDict[bytes, Lease] = OrderedDict()
        self._rest_until = 0.0

    async def take(self, limit: Limit, name: str) -> Standing:
        """Count one request of `name`, and say whether it may pass. It may where the store fails, which is counted."""
        key = _key(limit, name)
        lease = self._lease(limit, key)
        give_up_at = self._clock() + self._patience
        while True:
            now = self._clock()
            if lease.spend(now):
                return lease.standing(now)
            if now < lease.closed_until:
                LIMITED.labels(limit.what).inc()
                return lease.standing(now, allowed=False)
            if now < self._rest_until:
                OPEN.labels("resting").inc()
                return lease.standing(now)
            try:
                await self._renew(lease, key, give_up_at - now)
            except StoreSilent as error:
                OPEN.labels(type(error).__name__).inc()
                return lease.standing(now)

    async def close(self) -> None:
        """Wait for the questions that are still open, and close the connections."""
        await asyncio.gather(*(lease.asking for lease in self._leases.values() if lease.asking is not None))
        await self._engine.dispose()

    def refusal(self, limit: Limit, name: str) -> Standing | None:
        """The refusal that `take` would give without asking anybody."""
        lease = self._leases.get(_key(limit, name))
        now = self._clock()
        if lease is None or now >= lease.closed_until or lease.left:
            return None
        LIMITED.labels(limit.what).inc()
        return lease.standing(now, allowed=False)

    def _lease(self, limit: Limit, key: bytes) -> Lease:
        lease = self._leases.get(key)
        if lease is None:
            lease = self._leases[key] = Lease(limit)
            if len(self._leases) > _MOST_LEASES:
                self._leases.popitem(last=False)
        else:
            self._leases.move_to_end(key)
        return lease

    async def _renew(self, lease: Lease, key: bytes, seconds: float) -> None:
        """Ask once for all the requests that wait at this moment; raises StoreSilent."""
        if lease.asking is None:
            lease.asking = asyncio.create_task(self._ask(lease, key))
        # Shielded: to cancel a query takes an answer of Postgres as well, and this may not wait for one.
        done, _ = await asyncio.wait({lease.asking}, timeout=max(0.0, seconds))
        if not done:
            self._rest("no answer")
            raise StoreSilent
        if not done.pop().result():
            raise StoreSilent

    async def _ask(self, lease: Lease, key: bytes) -> bool:
        limit, asked_at = lease.limit, self._clock()
        values = {"key": key, "wanted": limit.lease, "spacing": limit.spacing, "size": limit.most * limit.spacing}
        try:
            async with self._engine.connect() as connection:
                granted, until_full = (await connection.execute(_SQL["take"], values)).one()
        except (SQLAlchemyError, OSError) as error:
            self._rest(type(error).__name__)
            return False
        else:
            lease.renew(asked_at, granted, float(until_full))
            return True
        finally:
            lease.asking = None

    def _rest(self, reason: str) -> None:
        self._rest_until = self._clock() + _REST_SECONDS
        _log.warning("rate limits are not kept for a moment", reason=reason)


async def delete_expired(connection: AsyncConnection) -> None:
    """Forget the buckets that nobody has drawn from for so long that they are full."""
    await connection.execute(_SQL["sweep"])


def _key(limit: Limit, name: str) -> bytes:
    return hashlib.blake2b(f"{limit.what}\n{name}".encode(), digest_size=16).digest()
