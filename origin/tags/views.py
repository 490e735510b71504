"""The routes of tags."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from origin.accounts.access import authenticate
from origin.api import answer, read_body, read_query, route
from origin.openapi import Operation
from origin.pages import turning
from origin.storage.transaction import reading, transaction
from origin.tags import service
from origin.tags.model import NewTag, Tag, TagFields, TagFilter

CREATED = 201


class DeletedTag(msgspec.Struct):
    """What was deleted."""

    id: str


async def create(request: Request) -> Response:
    actor = await authenticate(request)
    body = await read_body(request, TagFields)
    async with transaction(request) as connection:
        return answer(await service.create(connection, actor.workspace_id, body), CREATED)


async def index(request: Request) -> Response:
    actor = await authenticate(request)
    wanted = read_query(request, TagFilter)
    workspace_id = actor.workspace_id
    async with turning(request, actor, "tags", wanted) as page, reading(request, workspace_id) as connection:
        return answer(await service.page(connection, workspace_id, wanted, page))


async def change(request: Request) -> Response:
    actor = await authenticate(request)
    body = await read_body(request, TagFields)
    async with transaction(request) as connection:
        return answer(await service.change(connection, actor.workspace_id, request.path_params["tagId"], body))


async def delete(request: Request) -> Response:
    actor = await authenticate(request)
    tag_id = request.path_params["tagId"]
    async with transaction(request) as connection:
        await service.delete(connection, actor.workspace_id, tag_id)
    return answer(DeletedTag(tag_id))


def routes() -> list[BaseRoute]:
    """The routes below /api/v1."""
    return [
        route(each)
        for each in (
            Operation(
                method="POST", path="/tags", summary="Make a tag", tag="tags", permission="links.write",
                endpoint=create, body=NewTag, response=Tag, status=CREATED,
            ),
            Operation(
                method="GET", path="/tags", summary="List tags", tag="tags", permission="links.read",
                endpoint=index, query=TagFilter, response=list[Tag],
            ),
            Operation(
                method="PATCH", path="/tags/{tagId}", summary="Change a tag", tag="tags", permission="links.write",
                endpoint=change, body=TagFields, response=Tag, errors=(409,),
            ),
            Operation(
                method="DELETE", path="/tags/{tagId}", summary="Delete a tag, and take it off its links", tag="tags",
                permission="links.write", endpoint=delete, response=DeletedTag,
            ),
        )
    ]  # fmt: skip
