"""Keeping Cloudflare's custom hostnames the same as the domains that there are: a job a change of a domain."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from origin.hostnames.cloudflare_api import CustomHostnames, Hostname, HostnameRefused, HostnamesUnavailable
from origin.jobs.queue import enqueue
from origin.jobs.worker import Task, TryLater
from origin.settings import OriginSettings
from origin.storage.tables import domains
from shared.errors import BadSetting

SYNC = "hostnames.sync"

_log = structlog.get_logger("origin.hostnames")


async def changed(connection: AsyncConnection, slug: str) -> None:
    """Queue what Cloudflare has to be told of a domain that was proved or given up."""
    await enqueue(connection, SYNC, slug=slug)


@dataclass(frozen=True, slots=True)
class HostnameTasks:
    """The task; without a zone (`hostnames` is None) there is nothing to do."""

    engine: AsyncEngine
    hostnames: CustomHostnames | None

    def tasks(self) -> dict[str, Task]:
        """The tasks by name."""
        return {SYNC: self.sync}

    async def sync(self, slug: str) -> None:
        """Make, look at or give up the hostname of a domain; raises TryLater until it is in use or can't be."""
        if self.hostnames is None:
            return
        async with self.engine.begin() as connection:
            # One at a time for each name: a former owner's removal must not meet the next one's making.
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(slug, 0))))
            wanted = sa.and_(domains.c.slug == slug, domains.c.workspace_id.isnot(None))
            verified = (await connection.execute(sa.select(domains.c.verified_at).where(wanted))).one_or_none()
            try:
                if verified is None:
                    await self.hostnames.delete(slug)
                    return
                if verified.verified_at is None:
                    return
                found = await self.hostnames.ensure(slug)
            except HostnamesUnavailable as error:
                raise TryLater(str(error)) from error
            except HostnameRefused as error:
                _log.warning("a custom hostname was refused", domain=slug, error=str(error))
                found = Hostname("", slug, "failed", str(error))
            await connection.execute(sa.update(domains).where(wanted).values(_columns(found)))
        if found.status == "pending":
            raise TryLater(f"{slug}: {found.detail}")


def _columns(found: Hostname) -> dict[str, Any]:
    return {"hostname_status": found.status, "hostname_detail": found.detail or None}


def hostnames_of(settings: OriginSettings) -> CustomHostnames | None:
    """The hostnames of the zone that is set, if one is; raises BadSetting where the token is missing."""
    if not settings.cloudflare_zone_id:
        return None
    if not settings.cloudflare_api_token:
        raise BadSetting("NEARHOP_CLOUDFLARE_API_TOKEN has to be set beside NEARHOP_CLOUDFLARE_ZONE_ID")
    return CustomHostnames(settings.cloudflare_saas_api_url, settings.cloudflare_zone_id, settings.cloudflare_api_token)
