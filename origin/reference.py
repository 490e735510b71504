"""GET /openapi.json and /errors: what the API is, and what its errors mean."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from origin.openapi import document, operations
from origin.problems import PROBLEMS


def routes(api: Sequence[BaseRoute]) -> list[BaseRoute]:
    """The two routes below /api/v1, about the routes given."""
    openapi = msgspec.json.encode(document(operations(api), _version()))
    errors = msgspec.json.encode(
        [{"status": each.status, "code": each.code, "meaning": each.__doc__} for each in PROBLEMS]
    )

    async def get_openapi(request: Request) -> Response:
        del request
        return Response(openapi, media_type="application/json")

    async def get_errors(request: Request) -> Response:
        del request
        return Response(errors, media_type="application/json")

    return [Route("/openapi.json", get_openapi), Route("/errors", get_errors)]


def _version() -> str:
    try:
        return version("nearhop")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"
