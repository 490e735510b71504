"""The routes of links."""

from dataclasses import dataclass
from typing import Any

from msgspec import UNSET
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from origin import ids
from origin.accounts.access import Actor, authenticate
from origin.api import answer, fitted, read_body, read_query, route
from origin.etags import IF_MATCH, etag, expected
from origin.links import finder, more_views
from origin.links.model import (
    BulkChange,
    BulkChangeOfSome,
    BulkDelete,
    BulkError,
    CountQuery,
    Deleted,
    DeletedCount,
    InfoQuery,
    Link,
    LinkChange,
    ListFilter,
    NewLink,
)
from origin.links.reader import Reader
from origin.links.service import Links
from origin.openapi import ListOf, Operation
from origin.pages import turning
from origin.problems import ApiProblem, Unprocessable
from origin.storage.transaction import reading, transaction

MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class LinkViews:
    """The endpoints, with what they need."""

    links: Links
    reader: Reader

    async def create(self, request: Request) -> Response:
        actor = await authenticate(request)
        body = await read_body(request, NewLink)
        await self.links.safety.look_up_in([body])
        async with transaction(request) as connection:
            link_id = await self.links.create(connection, actor, body)
            return await self._answer(connection, actor, link_id)

    async def upsert(self, request: Request) -> Response:
        actor = await authenticate(request)
        body = await read_body(request, NewLink)
        await self.links.safety.look_up_in([body])
        async with transaction(request) as connection:
            link_id = await self.links.upsert(connection, actor, body)
            return await self._answer(connection, actor, link_id)

    async def create_many(self, request: Request) -> Response:
        actor = await authenticate(request)
        sent = await read_body(request, list[Any])
        if not 1 <= len(sent) <= MOST_AT_ONCE:
            raise Unprocessable(f"Send 1 to {MOST_AT_ONCE} links at once.")
        bodies = [_new_link(each) for each in sent]
        await self.links.safety.look_up_in(bodies)
        async with transaction(request) as connection:
            made = await self.links.create_many(connection, actor, bodies)
            numbers = [each for each in made if isinstance(each, int)]
            shown = iter(await self.reader.by_ids(connection, actor.workspace_id, numbers))
        results = [
            BulkError(sent[index], each.message, each.code) if isinstance(each, ApiProblem) else next(shown)
            for index, each in enumerate(made)
        ]
        return answer(results)

    async def info(self, request: Request) -> Response:
        actor = await authenticate(request)
        query = read_query(request, InfoQuery)
        async with reading(request, actor.workspace_id) as connection:
            link_id = await finder.by_info(connection, actor.workspace_id, query)
            return await self._answer(connection, actor, link_id)

    async def index(self, request: Request) -> Response:
        actor = await authenticate(request)
        wanted = read_query(request, ListFilter)
        workspace_id = actor.workspace_id
        async with turning(request, actor, "links", wanted) as page, reading(request, workspace_id) as connection:
            return answer(await self.reader.page(connection, workspace_id, wanted, page))

    async def count(self, request: Request) -> Response:
        actor = await authenticate(request)
        wanted = read_query(request, CountQuery)
        async with reading(request, actor.workspace_id) as connection:
            if wanted.group_by:
                return answer(await self.reader.count_by(connection, actor.workspace_id, wanted))
            return answer(await self.reader.count(connection, actor.workspace_id, wanted))

    async def change(self, request: Request) -> Response:
        actor = await authenticate(request)
        body = await read_body(request, LinkChange)
        await self.links.safety.look_up_in([body])
        async with transaction(request) as connection:
            link_id = await finder.by_public_id(connection, actor.workspace_id, request.path_params["linkId"])
            await self.links.change(connection, actor, link_id, body, expected(request))
            return await self._answer(connection, actor, link_id)

    async def delete(self, request: Request) -> Response:
        actor = await authenticate(request)
        async with transaction(request) as connection:
            link_id = await finder.by_public_id(connection, actor.workspace_id, request.path_params["linkId"])
            await self.links.delete(connection, actor, link_id, expected(request))
        return answer(Deleted(ids.public(ids.LINK, link_id)))

    async def change_many(self, request: Request) -> Response:
        actor = await authenticate(request)
        body = await read_body(request, BulkChange)
        if not body.link_ids and not body.external_ids:
            raise Unprocessable("linkIds: name 1 to 100 links, by linkIds or externalIds.")
        if not all(each is UNSET for each in (body.data.domain, body.data.key, body.data.external_id)):
            raise Unprocessable("data: domain, key and externalId are one link's own, so they can't be set for many.")
        await self.links.safety.look_up_in([body.data])
        async with transaction(request) as connection:
            workspace_id = actor.workspace_id
            found = await finder.by_public_ids(connection, workspace_id, body.link_ids, body.external_ids)
            await self.links.change_many(connection, actor, found, body.data)
            return answer(await self.reader.by_ids(connection, workspace_id, found))

    async def delete_many(self, request: Request) -> Response:
        actor = await authenticate(request)
        wanted = read_query(request, BulkDelete)
        async with transaction(request) as connection:
            found = await finder.by_public_ids(connection, actor.workspace_id, wanted.link_ids, [])
            return answer(DeletedCount(await self.links.delete_many(connection, actor, found)))

    async def _answer(self, connection: AsyncConnection, actor: Actor, link_id: int) -> Response:
        link, revision = await self.reader.one(connection, actor.workspace_id, link_id)
        response = answer(link)
        response.headers["ETag"] = etag(revision)
        return response


def _new_link(sent: Any) -> NewLink | ApiProblem:
    try:
        return fitted(sent, NewLink)
    except Unprocessable as problem:
        return problem


def routes(links: Links, reader: Reader) -> list[BaseRoute]:
    """The routes below /api/v1. Fixed paths come before `{linkId}`."""
    views = LinkViews(links, reader)
    return [
        *more_views.routes(links, reader),
        *_routes(views),
    ]


def _routes(views: LinkViews) -> list[BaseRoute]:
    return [
        route(each)
        for each in (
            Operation(
                method="POST", path="/links", summary="Make a link", tag="links", permission="links.write",
                endpoint=views.create, body=NewLink, response=Link,
            ),
            Operation(
                method="GET", path="/links", summary="List links", tag="links", permission="links.read",
                endpoint=views.index, query=ListFilter, response=list[Link],
            ),
            Operation(
                method="GET", path="/links/count", summary="Count links", tag="links", permission="links.read",
                endpoint=views.count, query=CountQuery, response=int | list[dict[str, str | int]],
            ),
            Operation(
                method="GET", path="/links/info", summary="Get a link", tag="links", permission="links.read",
                endpoint=views.info, query=InfoQuery, response=Link,
            ),
            Operation(
                method="PUT", path="/links/upsert", summary="Change the link to this URL, or make it", tag="links",
                permission="links.write", endpoint=views.upsert, body=NewLink, response=Link, errors=(409,),
            ),
            Operation(
                method="POST", path="/links/bulk", summary=f"Make up to {MOST_AT_ONCE} links; what can't be made is named",
                tag="links", permission="links.write", endpoint=views.create_many,
                body=ListOf((NewLink,), MOST_AT_ONCE, others=True), response=ListOf((Link, BulkError)),
            ),
            Operation(
                method="PATCH", path="/links/bulk", summary="Change up to 100 links in the same way, or none of them",
                tag="links", permission="links.write", endpoint=views.change_many, body=BulkChangeOfSome,
                response=list[Link], errors=(409,),
            ),
            Operation(
                method="DELETE", path="/links/bulk", summary="Delete up to 100 links", tag="links",
                permission="links.write", endpoint=views.delete_many, query=BulkDelete, response=DeletedCount,
            ),
            Operation(
                method="PATCH", path="/links/{linkId}", summary="Change a link", tag="links", permission="links.write",
                endpoint=views.change, body=LinkChange, response=Link, errors=(409, 412), headers=IF_MATCH,
            ),
            Operation(
                method="DELETE", path="/links/{linkId}", summary="Delete a link", tag="links", permission="links.write",
                endpoint=views.delete, response=Deleted, errors=(412,), headers=IF_MATCH,
            ),
        )
    ]  # fmt: skip
