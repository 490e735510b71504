"""POST /internal/claims: who opens a one-time link. Asked by the edge, decided here, once; question and answer are signed."""

import time
from datetime import UTC, datetime

import sqlalchemy as sa
from prometheus_client import Counter
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from origin.links.miss import check_signature, path_as_sent
from origin.links.redirects import is_one_time
from origin.problems import Unprocessable
from origin.storage.tables import Row, link_claims, links
from shared.signing import HEADER, sign

CLAIMS = Counter("nearhop_link_claims_total", "Claims of one-time links, by outcome.", ["outcome"])
_OUTCOMES = {200: "granted", 404: "unknown", 410: "used"}
_MOST_CHARACTERS = 100
_NEVER = datetime.max.replace(tzinfo=UTC)


def routes(edge_secret: str) -> list[BaseRoute]:
    """The route: 200 for a link's first claim and for the same claim again, 410 for any other, 404 without a link."""

    async def claim(request: Request) -> Response:
        path = path_as_sent(request)
        check_signature(edge_secret, request, "POST", path)
        asked = [request.query_params.get(name, "") for name in ("domain", "code", "claim")]
        if not all(asked) or len(asked[2]) > _MOST_CHARACTERS or "\0" in "".join(asked):
            raise Unprocessable("Name the link by domain and code, and the claim by its id.")
        status = await _decide(request.app.state.engine, *asked)
        CLAIMS.labels(_OUTCOMES[status]).inc()
        return Response(status_code=status, headers={HEADER: sign(edge_secret, "RESPONSE", path, b"", time.time())})

    return [Route("/internal/claims", claim, methods=["POST"])]


async def forget(connection: AsyncConnection, link_id: int) -> None:
    """Let a link be claimed anew."""
    await connection.execute(sa.delete(link_claims).where(link_claims.c.link_id == link_id))


async def _decide(engine: AsyncEngine, domain: str, code: str, claim: str) -> int:
    async with engine.begin() as connection:
        row = await _link_of(connection, domain, code)
        if row is None:
            return 404
        # What the edge knows of the link may be older than this.
        if _is_over(row):
            return 410
        if not is_one_time(row.redirect):
            return 200
        link = row.id
        # The primary key lets one of all claims in; those that come at the same time wait for it here.
        await connection.execute(insert(link_claims).values(link_id=link, claim=claim).on_conflict_do_nothing())
        holder = await connection.execute(sa.select(link_claims.c.claim).where(link_claims.c.link_id == link))
        return 200 if holder.scalar_one_or_none() == claim else 410


def _is_over(row: Row) -> bool:
    ended = row.disabled_at is not None or row.capped_at is not None or (row.expires_at or _NEVER) <= datetime.now(UTC)
    return ended or (row.quarantine or {}).get("action") == "block"


async def _link_of(connection: AsyncConnection, domain: str, code: str) -> Row | None:
    """The link that is opened by this code, which may be an alias of it."""
    named = sa.select(sa.func.coalesce(links.c.alias_of, links.c.id)).where(
        links.c.domain == domain, links.c.key == code
    )
    life = (links.c.disabled_at, links.c.capped_at, links.c.expires_at, links.c.quarantine)
    select = sa.select(links.c.id, links.c.redirect, *life).where(links.c.id == named.scalar_subquery())
    return (await connection.execute(select)).one_or_none()
