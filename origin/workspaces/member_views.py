"""The routes of one workspace: its settings, its end, and who is in it."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from origin import ids
from origin.accounts.access import authenticate
from origin.api import answer, read_body, route
from origin.domains import service as domains
from origin.etags import IF_MATCH, etag, expected
from origin.links.defaults import LinkDefaults
from origin.openapi import ApiRoute, Operation
from origin.storage.transaction import transaction
from origin.workspaces import members, removal, service, settings

_ONE = "/workspaces/{workspaceId}"


class WorkspaceChange(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """What to change of a workspace. An origin is written as https://app.example.com; `linkDefaults` are given as a whole."""

    name: Annotated[str, Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    slug: service.Slug | UnsetType = UNSET
    allowed_origins: Annotated[list[settings.Origin], Meta(max_length=100)] | UnsetType = UNSET
    default_domain: Annotated[str, Meta(min_length=1, max_length=253)] | UnsetType | None = UNSET
    link_defaults: LinkDefaults | UnsetType | None = UNSET


class RoleChange(msgspec.Struct, forbid_unknown_fields=True):
    """The role to have."""

    role: members.Role


class Transfer(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The member who becomes the owner."""

    user_id: str


async def show(request: Request) -> Response:
    actor = await authenticate(request)
    async with transaction(request) as connection:
        return _workspace(*await service.get(connection, actor))


async def change(request: Request) -> Response:
    actor = await authenticate(request)
    body = await read_body(request, WorkspaceChange)
    values = _values(body)
    async with transaction(request) as connection:
        return _workspace(*await service.change(connection, actor, values, expected(request)))


async def delete(request: Request) -> Response:
    actor = await authenticate(request)
    async with transaction(request) as connection:
        await removal.delete(connection, actor.workspace_id)
    return Response(status_code=204)


async def index(request: Request) -> Response:
    actor = await authenticate(request)
    async with transaction(request) as connection:
        return answer(await members.of_workspace(connection, actor.workspace_id))


async def change_role(request: Request) -> Response:
    actor = await authenticate(request)
    body = await read_body(request, RoleChange)
    async with transaction(request) as connection:
        await members.change(connection, actor, _user_id(request.path_params["userId"]), body.role)
        return answer(await members.of_workspace(connection, actor.workspace_id))


async def remove(request: Request) -> Response:
    actor = await authenticate(request)
    async with transaction(request) as connection:
        await members.remove(connection, actor, _user_id(request.path_params["userId"]))
    return Response(status_code=204)


async def leave(request: Request) -> Response:
    actor = await authenticate(request)
    async with transaction(request) as connection:
        await members.remove(connection, actor, actor.user_id)
    return Response(status_code=204)


async def transfer(request: Request) -> Response:
    actor = await authenticate(request)
    body = await read_body(request, Transfer)
    async with transaction(request) as connection:
        await members.transfer(connection, actor, _user_id(body.user_id))
        return answer(await members.of_workspace(connection, actor.workspace_id))


def _values(body: WorkspaceChange) -> dict[str, Any]:
    """What is to be stored; raises Unprocessable."""
    values = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET}
    if "slug" in values:
        service.check_slug(values["slug"])
    if "allowed_origins" in values:
        values["allowed_origins"] = settings.check_origins(values["allowed_origins"])
    if values.get("default_domain"):
        values["default_domain"] = domains.normalize(values["default_domain"])
    if "link_defaults" in values:
        values["link_defaults"] = msgspec.to_builtins(values["link_defaults"]) or None
    return values


def _workspace(workspace: service.Workspace, revision: int) -> Response:
    response = answer(workspace)
    response.headers["ETag"] = etag(revision)
    return response


def _user_id(text: str) -> int | None:
    return ids.parse(ids.USER, text)


def routes() -> list[ApiRoute]:
    """The routes below /api/v1."""
    everybody = list[members.Member]
    return [
        route(each)
        for each in (
            Operation(
                method="GET", path=_ONE, summary="Get a workspace", tag="workspaces", permission="workspace.read",
                endpoint=show, response=service.Workspace,
            ),
            Operation(
                method="PATCH", path=_ONE, summary="Change a workspace's settings", tag="workspaces",
                permission="workspace.write", endpoint=change, body=WorkspaceChange, response=service.Workspace,
                errors=(409, 412), headers=IF_MATCH,
            ),
            Operation(
                method="DELETE", path=_ONE, summary="Delete a workspace with its links", tag="workspaces",
                permission="workspace.own", endpoint=delete, status=204,
            ),
            Operation(
                method="GET", path=f"{_ONE}/members", summary="List who is in a workspace", tag="workspaces",
                permission="members.read", endpoint=index, response=everybody,
            ),
            Operation(
                method="PATCH", path=f"{_ONE}/members/{{userId}}", summary="Change a member's role", tag="workspaces",
                permission="members.write", endpoint=change_role, body=RoleChange, response=everybody, errors=(409,),
            ),
            Operation(
                method="DELETE", path=f"{_ONE}/members/{{userId}}", summary="Take a member out", tag="workspaces",
                permission="members.write", endpoint=remove, status=204, errors=(409,),
            ),
            Operation(
                method="POST", path=f"{_ONE}/leave", summary="Leave a workspace", tag="workspaces",
                permission="workspace.leave", endpoint=leave, status=204,
            ),
            Operation(
                method="POST", path=f"{_ONE}/transfer", summary="Make another member the owner in my place",
                tag="workspaces", permission="workspace.own", endpoint=transfer, body=Transfer, response=everybody,
            ),
        )
    ]  # fmt: skip
