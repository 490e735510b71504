"""GET and PATCH /workspaces/{workspaceId}/attribution."""

from starlette.requests import Request
from starlette.responses import Response

from origin.accounts.access import authenticate
from origin.api import answer, read_body, route
from origin.conversions import settings
from origin.conversions.settings import Attribution, AttributionChange
from origin.openapi import ApiRoute, Operation
from origin.storage.transaction import transaction

_PATH = "/workspaces/{workspaceId}/attribution"


async def show(request: Request) -> Response:
    """How conversions are credited."""
    actor = await authenticate(request)
    async with transaction(request) as connection:
        return answer(await settings.get(connection, actor.workspace_id))


async def change(request: Request) -> Response:
    """Credit them otherwise from now on."""
    actor = await authenticate(request)
    body = await read_body(request, AttributionChange)
    async with transaction(request) as connection:
        return answer(await settings.change(connection, actor.workspace_id, body))


def routes() -> list[ApiRoute]:
    """The routes below /api/v1."""
    return [
        route(each)
        for each in (
            Operation(
                method="GET", path=_PATH, summary="How conversions are credited", tag="conversions",
                permission="workspace.read", endpoint=show, response=Attribution,
            ),
            Operation(
                method="PATCH", path=_PATH, summary="Change how conversions are credited", tag="conversions",
                permission="workspace.write", endpoint=change, body=AttributionChange, response=Attribution,
            ),
        )
    ]  # fmt: skip
