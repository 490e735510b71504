"""The routes of workspaces."""

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from origin.accounts.access import identify
from origin.accounts.parts import AccountParts
from origin.api import answer, read_body, route
from origin.openapi import SIGNED_IN, Operation
from origin.storage.transaction import transaction
from origin.workspaces import invitation_views, member_views, service


class WorkspaceRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A new workspace; without a slug it gets one made of its name."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    slug: service.SlugOrNone = ""


async def create(request: Request) -> Response:
    """Make a workspace that the caller owns."""
    caller = await identify(request)
    body = await read_body(request, WorkspaceRequest)
    slug = service.check_slug(body.slug) if body.slug else service.slug_for(body.name)
    async with transaction(request) as connection:
        return answer(await service.create(connection, caller.user_id, body.name, slug), 201)


async def index(request: Request) -> Response:
    """The caller's workspaces."""
    caller = await identify(request)
    async with transaction(request) as connection:
        return answer(await service.of_user(connection, caller.user_id))


def routes(parts: AccountParts) -> list[BaseRoute]:
    """The routes below /api/v1."""
    return [
        *member_views.routes(),
        *invitation_views.routes(parts),
        route(
            Operation(
                method="POST",
                path="/workspaces",
                summary="Make a workspace",
                tag="workspaces",
                permission=SIGNED_IN,
                endpoint=create,
                body=WorkspaceRequest,
                response=service.Workspace,
                status=201,
            )
        ),
        route(
            Operation(
                method="GET",
                path="/workspaces",
                summary="List my workspaces",
                tag="workspaces",
                permission=SIGNED_IN,
                endpoint=index,
                response=list[service.Workspace],
            )
        ),
    ]
