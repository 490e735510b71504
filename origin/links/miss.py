"""GET /internal/links: the edge asks for a link that KV does not have (yet). Question and answer are signed.

It asks for a code, or for a path of several segments. A code's answer is its KV record. A path's is a line with the code that
leads on from it and then that one's record; where none does, the 404 names the first of the path's leading codes that has
nothing below it, if there is one: the edge need not ask for anything there for a while.
"""

import time

import sqlalchemy as sa
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from origin.links import tree
from origin.problems import Unauthorized, Unprocessable
from origin.storage.tables import links
from shared.errors import BadSignature
from shared.signing import HEADER, sign, verify
from shared.slug import MAX_CODE_LENGTH

MISSES = Counter("nearhop_edge_misses_total", "Links that the edge asked for, by outcome.", ["outcome"])


def routes(edge_secret: str) -> list[BaseRoute]:
    """The route, which answers with a record, or 404."""

    async def find(request: Request) -> Response:
        sent = path_as_sent(request)
        check_signature(edge_secret, request, "GET", sent)
        domain, code, path = (request.query_params.get(name, "") for name in ("domain", "code", "path"))
        if not domain or not (code or path):
            raise Unprocessable("Name the link by domain and code, or domain and path.")
        found, text = False, ""
        if "\0" not in domain + code + path:
            async with request.app.state.engine.connect() as connection:
                found, text = await (_of_code(connection, domain, code) if code else _of_path(connection, domain, path))
        MISSES.labels("found" if found else "unknown").inc()
        body = text.encode()
        headers = {HEADER: sign(edge_secret, "RESPONSE", sent, body, time.time())}
        return Response(body, 200 if found else 404, headers, "text/plain")

    return [Route("/internal/links", find)]


def check_signature(edge_secret: str, request: Request, method: str, path: str) -> None:
    """Accept a call of the edge without a body, or raise Unauthorized."""
    try:
        verify(edge_secret, request.headers.get(HEADER), method, path, b"", time.time())
    except BadSignature as error:
        MISSES.labels("refused").inc()
        raise Unauthorized(str(error)) from error


async def _of_code(connection: AsyncConnection, domain: str, code: str) -> tuple[bool, str]:
    select = sa.select(links.c.kv_value).where(links.c.domain == domain, links.c.key == code)
    value: str | None = (await connection.execute(select)).scalar_one_or_none()
    return value is not None, value or ""


async def _of_path(connection: AsyncConnection, domain: str, path: str) -> tuple[bool, str]:
    if len(path) > MAX_CODE_LENGTH + 1:
        raise Unprocessable(f"path: it has {MAX_CODE_LENGTH} characters at most.")
    row = await tree.longest(connection, domain, path)
    return (False, await tree.bare(connection, domain, path)) if row is None else (True, f"{row.key}\n{row.kv_value}")


def path_as_sent(request: Request) -> str:
    """Path and query of a request as its sender signed them."""
    raw_path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope["query_string"]
    return (raw_path + (b"?" + query if query else b"")).decode("latin-1")
