"""The routes of folders."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from origin.accounts.access import authenticate
from origin.api import answer, read_body, read_query, route
from origin.folders import service
from origin.folders.model import Folder, FolderChange, FolderFilter, NewFolder
from origin.openapi import Operation
from origin.pages import turning
from origin.storage.transaction import reading, transaction

CREATED = 201


class DeletedFolder(msgspec.Struct):
    """What was deleted."""

    id: str


async def create(request: Request) -> Response:
    actor = await authenticate(request)
    body = await read_body(request, NewFolder)
    async with transaction(request) as connection:
        return answer(await service.create(connection, actor.workspace_id, body), CREATED)


async def index(request: Request) -> Response:
    actor = await authenticate(request)
    wanted = read_query(request, FolderFilter)
    workspace_id = actor.workspace_id
    async with turning(request, actor, "folders", wanted) as page, reading(request, workspace_id) as connection:
        return answer(await service.page(connection, workspace_id, wanted, page))


async def change(request: Request) -> Response:
    actor = await authenticate(request)
    body = await read_body(request, FolderChange)
    async with transaction(request) as connection:
        return answer(await service.change(connection, actor.workspace_id, request.path_params["folderId"], body))


async def delete(request: Request) -> Response:
    actor = await authenticate(request)
    folder_id = request.path_params["folderId"]
    async with transaction(request) as connection:
        await service.delete(connection, actor.workspace_id, folder_id)
    return answer(DeletedFolder(folder_id))


def routes() -> list[BaseRoute]:
    """The routes below /api/v1."""
    return [
        route(each)
        for each in (
            Operation(
                method="POST", path="/folders", summary="Make a folder", tag="folders", permission="links.write",
                endpoint=create, body=NewFolder, response=Folder, status=CREATED,
            ),
            Operation(
                method="GET", path="/folders", summary="List folders", tag="folders", permission="links.read",
                endpoint=index, query=FolderFilter, response=list[Folder],
            ),
            Operation(
                method="PATCH", path="/folders/{folderId}", summary="Change a folder", tag="folders",
                permission="links.write", endpoint=change, body=FolderChange, response=Folder, errors=(409,),
            ),
            Operation(
                method="DELETE", path="/folders/{folderId}", summary="Delete a folder; its links stay", tag="folders",
                permission="links.write", endpoint=delete, response=DeletedFolder,
            ),
        )
    ]  # fmt: skip
