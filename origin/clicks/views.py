"""POST /internal/clicks: the edge's beacon."""

import time
from collections.abc import Callable
from typing import Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from origin.clicks import metrics
from origin.clicks.intake import BadBatch, Intake
from origin.clicks.spool import SpoolRefuses
from origin.problems import BadRequest, PayloadTooLarge, Unauthorized, Unavailable
from shared import signing
from shared.errors import BadSignature

PATH = "/internal/clicks"
REPLAY = "Nearhop-Replay"
_RETRY_AFTER = 5


class HasIntake(Protocol):
    """What the route needs of the click pipeline."""

    intake: Intake


def routes(pipeline: HasIntake, edge_secret: str, now: Callable[[], float] = time.time) -> list[BaseRoute]:
    """The route of the intake, to be mounted at the root."""

    async def post_clicks(request: Request) -> Response:
        body = await read_body(request, pipeline.intake.max_bytes)
        try:
            signing.verify(
                edge_secret, request.headers.get(signing.HEADER), "POST", _path_as_sent(request), body, now()
            )
            receipt = await pipeline.intake.accept(body, again=REPLAY in request.headers)
        except BadSignature as error:
            metrics.UNSIGNED.inc()
            raise Unauthorized(str(error)) from error
        except BadBatch as error:
            raise BadRequest(str(error)) from error
        except SpoolRefuses as error:
            metrics.TURNED_AWAY.labels(type(error).__name__).inc()
            raise Unavailable(str(error), retry_after=_RETRY_AFTER) from error
        return Response(msgspec.json.encode(receipt), 202, media_type="application/json")

    return [Route(PATH, post_clicks, methods=["POST"])]


async def read_body(request: Request, limit: int) -> bytes:
    """The request's body; raises PayloadTooLarge before more than `limit` bytes are held."""
    parts, size = list[bytes](), 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > limit:
            raise PayloadTooLarge(f"a click batch has at most {limit} bytes")
    return b"".join(parts)


def _path_as_sent(request: Request) -> str:
    path: str = request.scope.get("raw_path", b"").decode("ascii") or request.url.path
    query: bytes = request.scope["query_string"]
    return f"{path}?{query.decode('ascii')}" if query else path
