"""Looking at domains again from time to time: one whose records are gone can't be used for new links."""

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.audit import trail
from origin.audit.trail import Author
from origin.domains.ownership import Ownership
from origin.problems import NotFound
from origin.storage.tables import domains

_EVERY = sa.text("interval '24 hours'")
_AT_ONCE = 100

_log = structlog.get_logger("origin.domains")


async def recheck(engine: AsyncEngine, ownership: Ownership) -> int:
    """Look at the domains that nobody has looked at for a day, the longest first; gives how many."""
    due = sa.or_(domains.c.checked_at.is_(None), domains.c.checked_at < sa.func.now() - _EVERY)
    oldest = domains.c.checked_at.asc().nulls_first()
    select = sa.select(domains.c.workspace_id, domains.c.slug).where(domains.c.workspace_id.isnot(None), due)
    async with engine.connect() as connection:
        rows = (await connection.execute(select.order_by(oldest).limit(_AT_ONCE))).all()
    for row in rows:
        async with engine.begin() as connection:
            try:
                with trail.acting(Author(job="domains.recheck")):
                    _, _, detail = await ownership.verify(connection, row.workspace_id, row.slug)
            except NotFound:  # deleted meanwhile
                continue
        if detail:
            _log.info("domain is not in order", domain=row.slug, detail=detail)
    return len(rows)
