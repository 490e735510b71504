"""What is thrown away when it has served its time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from origin import idempotency, pages
from origin.accounts import mail_tokens, sessions, steps, throttle
from origin.audit import retention
from origin.domains.ownership import Ownership
from origin.domains.recheck import recheck
from origin.ending import end
from origin.limits import limiter
from origin.safety.recheck import Recheck
from origin.workspaces import invitations

_SECONDS = 3600

_log = structlog.get_logger("origin.housekeeping")


async def sweep(engine: AsyncEngine) -> None:
    """Delete expired sessions, tokens, invitations, throttles, rate limits, idempotency keys and ends of pages."""
    async with engine.begin() as connection:
        await sessions.delete_expired(connection)
        await mail_tokens.delete_expired(connection)
        await steps.delete_expired(connection)
        await invitations.delete_old(connection)
        await throttle.delete_expired(connection)
        await idempotency.delete_expired(connection)
        await limiter.delete_expired(connection)
        await pages.delete_expired(connection)


@contextlib.asynccontextmanager
async def hourly(
    engine: AsyncEngine, domains: Ownership, audit_days: Mapping[str, int], destinations: Recheck
) -> AsyncIterator[None]:
    """Sweep, and look at domains and destinations again, now and each hour, as long as the context lasts."""
    task = asyncio.create_task(_forever(engine, domains, audit_days, destinations))
    try:
        yield
    finally:
        await end(task)
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _forever(
    engine: AsyncEngine, domains: Ownership, audit_days: Mapping[str, int], destinations: Recheck
) -> None:
    steps: dict[str, Callable[[], Awaitable[object]]] = {
        "expired rows": lambda: sweep(engine),
        "audit log": lambda: retention.sweep(engine, audit_days),
        "domains": lambda: recheck(engine, domains),
        "destinations": destinations.run,
    }
    while True:
        await _each(steps)
        await asyncio.sleep(_SECONDS)


async def _each(steps: Mapping[str, Callable[[], Awaitable[object]]]) -> None:
    """Do the steps; one that fails is logged with its name, and keeps no other from being done."""
    for name, step in steps.items():
        try:
            await step()
        # Of any kind: nobody awaits this task, so an error that left it would end all housekeeping without a word, until
        # the process is started anew. The next hour tries again.
        except Exception:  # noqa: BLE001  # see above
            _log.exception("a step of housekeeping failed", step=name)
