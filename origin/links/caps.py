"""Click caps: `redirect.maxClicks` of a link. The drain counts (origin/clicks/link_caps.py), here is what closes and reopens.

A link that is capped has `capped_at`. Counts are kept beside the links, in `link_caps`, for those alone that have a cap.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.audit import trail
from origin.audit.trail import Author
from origin.links import history, redirects, store
from origin.links.options import Records
from origin.links.totals import ClickTotals
from origin.storage.tables import Row, link_caps, links

_COUNT = link_caps.c.clicks_before + link_caps.c.clicks


async def begin(connection: AsyncConnection, made: Sequence[Row]) -> None:
    """Count the clicks of new links that have a cap, all of them."""
    capped = [{"link_id": row.id} for row in made if redirects.max_clicks(row.redirect) is not None]
    if capped:
        await connection.execute(sa.insert(link_caps), capped)


async def changed(
    connection: AsyncConnection, row: Row, redirect: dict[str, Any] | None, totals: ClickTotals
) -> datetime | None:
    """When the locked link is closed by what `redirect` allows from now on; None where it is open."""
    before, most = redirects.max_clicks(row.redirect), redirects.max_clicks(redirect)
    if most == before:
        closed: datetime | None = row.capped_at
        return closed
    if most is None:
        await connection.execute(sa.delete(link_caps).where(link_caps.c.link_id == row.id))
        return None
    if before is None:
        await _begin_late(connection, row, totals)
    counted = await connection.execute(sa.select(_COUNT).where(link_caps.c.link_id == row.id))
    return (row.capped_at or datetime.now(UTC)) if counted.scalar_one() >= most else None


async def close_full(connection: AsyncConnection, records: Records, link_ids: Collection[int]) -> int:
    """Close those of the links that have had as many clicks as they may, at the edge as well; gives how many."""
    open_ones = sa.and_(links.c.id.in_(link_ids), links.c.capped_at.is_(None))
    # Locked before it is judged: an edit that raises the cap is either done by now, or sees this.
    rows = (await connection.execute(sa.select(links).where(open_ones).order_by(links.c.id).with_for_update())).all()
    counts = sa.select(link_caps.c.link_id, _COUNT.label("clicks")).where(link_caps.c.link_id.in_([r.id for r in rows]))
    counted = {each.link_id: each.clicks for each in await connection.execute(counts)}
    full = [row.id for row in rows if counted.get(row.id, 0) >= (redirects.max_clicks(row.redirect) or float("inf"))]
    if full:
        closing = sa.update(links).where(links.c.id.in_(full)).values(capped_at=sa.func.now(), updated_at=sa.func.now())
        closed = (await connection.execute(closing.returning(links))).all()
        await store.seal(connection, records, closed)
        with trail.acting(Author(job="links.click_caps")):
            for row in closed:
                await trail.record(connection, row.workspace_id, history.noted("link.close", row))
    return len(full)


async def _begin_late(connection: AsyncConnection, row: Row, totals: ClickTotals) -> None:
    """Count on from what the link has had. The drain looks up again what came before, once late clicks are there."""
    clicks, _ = (await totals.for_links(row.workspace_id, [row.id])).get(row.id, (0, None))
    values = {"link_id": row.id, "counted_from": sa.func.clock_timestamp(), "clicks_before": clicks}
    await connection.execute(insert(link_caps).values(values))
