"""GET /healthz, /readyz and /metrics."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
import msgspec
import sqlalchemy as sa
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

_SECONDS = 3.0


class Part(msgspec.Struct):
    """Whether something that the service needs answers, and what it said."""

    ok: bool
    detail: str = ""


class Readiness(msgspec.Struct):
    """`status` is "ready" when every part is ok, and "not ready" otherwise."""

    status: str
    parts: dict[str, Part]


Check = Callable[[], Awaitable[Mapping[str, Part]]]


def postgres_check(engine: AsyncEngine) -> Check:
    """Whether Postgres answers a query in time."""

    async def check() -> Mapping[str, Part]:
        try:
            with anyio.fail_after(_SECONDS):
                async with engine.connect() as connection:
                    await connection.execute(sa.text("SELECT 1"))
        except (sa.exc.SQLAlchemyError, OSError) as error:  # TimeoutError is an OSError
            return {"postgres": Part(ok=False, detail=type(error).__name__)}
        return {"postgres": Part(ok=True)}

    return check


def routes(checks: list[Check]) -> list[BaseRoute]:
    """The three routes."""

    async def ready(request: Request) -> Response:
        del request
        parts: dict[str, Part] = {}
        for check in checks:
            parts.update(await check())
        good = all(part.ok for part in parts.values())
        return _json(Readiness("ready" if good else "not ready", parts), 200 if good else 503)

    return [Route("/healthz", _alive), Route("/readyz", ready), Route("/metrics", _metrics)]


async def _alive(request: Request) -> Response:
    del request
    return _json({"status": "alive"})


async def _metrics(request: Request) -> Response:
    del request
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
