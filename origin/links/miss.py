"""GET /internal/links: the edge asks for a link that KV does not have (yet). Question and answer are signed."""

import time

import sqlalchemy as sa
from prometheus_client import Counter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from origin.problems import Unauthorized, Unprocessable
from origin.storage.tables import links
from shared.errors import BadSignature
from shared.signing import HEADER, sign, verify

MISSES = Counter("nearhop_edge_misses_total", "Links that the edge asked for, by outcome.", ["outcome"])


def routes(edge_secret: str) -> list[BaseRoute]:
    """The route, which answers with the link's KV record, or 404."""

    async def find(request: Request) -> Response:
        path = path_as_sent(request)
        check_signature(edge_secret, request, "GET", path)
        domain, code = request.query_params.get("domain"), request.query_params.get("code")
        if not domain or not code:
            raise Unprocessable("Name the link by domain and code.")
        value = None if "\0" in domain + code else await _kv_value(request, domain, code)
        MISSES.labels("unknown" if value is None else "found").inc()
        body = (value or "").encode()
        headers = {HEADER: sign(edge_secret, "RESPONSE", path, body, time.time())}
        return Response(body, 404 if value is None else 200, headers, "text/plain")

    return [Route("/internal/links", find)]


def check_signature(edge_secret: str, request: Request, method: str, path: str) -> None:
    """Accept a call of the edge without a body, or raise Unauthorized."""
    try:
        verify(edge_secret, request.headers.get(HEADER), method, path, b"", time.time())
    except BadSignature as error:
        MISSES.labels("refused").inc()
        raise Unauthorized(str(error)) from error


async def _kv_value(request: Request, domain: str, code: str) -> str | None:
    select = sa.select(links.c.kv_value).where(links.c.domain == domain, links.c.key == code)
    async with request.app.state.engine.connect() as connection:
        found: str | None = (await connection.execute(select)).scalar_one_or_none()
    return found


def path_as_sent(request: Request) -> str:
    """Path and query of a request as its sender signed them."""
    raw_path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope["query_string"]
    return (raw_path + (b"?" + query if query else b"")).decode("latin-1")
