"""Domains that short links live on."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.problems import Unprocessable
from origin.storage.tables import domains
from shared.errors import BadDomain
from shared.slug import normalize_domain


async def ensure_shared(connection: AsyncConnection, slug: str) -> None:
    """Make the domain that every workspace may use, where it is missing."""
    values = {"slug": normalize_domain(slug), "is_primary": True, "configured": True, "verified_at": sa.func.now()}
    await connection.execute(insert(domains).values(values).on_conflict_do_nothing())


async def usable(connection: AsyncConnection, workspace_id: int, slugs: Collection[str]) -> dict[str, bool]:
    """Those of the domains (normalized) that the workspace may make links on, and whether each ignores case."""
    mine = sa.or_(domains.c.workspace_id == workspace_id, domains.c.workspace_id.is_(None))
    ready = sa.and_(mine, domains.c.archived.is_(False), domains.c.verified_at.isnot(None))
    select = sa.select(domains.c.slug, domains.c.ignore_case).where(domains.c.slug.in_(slugs), ready)
    return {row.slug: row.ignore_case for row in await connection.execute(select)}


async def ignores_case(connection: AsyncConnection, slug: str) -> bool:
    """Whether codes on the domain are stored in lower case."""
    select = sa.select(domains.c.ignore_case).where(domains.c.slug == slug)
    return bool((await connection.execute(select)).scalar_one_or_none())


async def primary(connection: AsyncConnection, workspace_id: int, default: str) -> str:
    """The domain for links that name none: the workspace's primary one, or the installation's."""
    mine = (domains.c.workspace_id == workspace_id) & domains.c.is_primary & domains.c.archived.is_(False)
    ready = mine & domains.c.verified_at.isnot(None)
    found = (await connection.execute(sa.select(domains.c.slug).where(ready).limit(1))).scalar_one_or_none()
    return found or default


async def set_primary(connection: AsyncConnection, workspace_id: int, slug: str | None) -> None:
    """Make a domain the workspace's primary one, or none of its own; raises Unprocessable for one that it can't use."""
    mine = domains.c.workspace_id == workspace_id
    await connection.execute(sa.update(domains).where(mine, domains.c.is_primary).values(is_primary=False))
    if slug is None:
        return
    ready = sa.and_(mine, domains.c.slug == slug, domains.c.archived.is_(False), domains.c.verified_at.isnot(None))
    made = sa.update(domains).where(ready).values(is_primary=True, updated_at=sa.func.now()).returning(domains.c.id)
    if (await connection.execute(made)).first() is None:
        raise Unprocessable(
            f"defaultDomain: {slug} is no domain of this workspace that is proved and not archived. Null is the shared one."
        )


async def known(connection: AsyncConnection, hosts: Collection[str]) -> set[str]:
    """Those of the hosts that are short domains of this installation, whoever's."""
    return set((await connection.execute(sa.select(domains.c.slug).where(domains.c.slug.in_(hosts)))).scalars())


def normalize(slug: str) -> str:
    """A domain as it is stored; raises Unprocessable."""
    try:
        return normalize_domain(slug)
    except BadDomain as error:
        raise Unprocessable(f"domain: {error}.") from error
