"""The routes of what belongs to one link: its former states and its aliases."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from origin import ids
from origin.accounts.access import Actor, authenticate
from origin.api import answer, read_body, read_query, route
from origin.etags import IF_MATCH, etag, expected
from origin.links import aliases, finder, versions
from origin.links.aliases import Alias, NewAlias
from origin.links.model import Deleted, Link
from origin.links.reader import Reader
from origin.links.service import Links
from origin.links.versions import Difference, LinkVersion
from origin.openapi import Operation
from origin.problems import NotFound
from origin.storage.tables import Row
from origin.storage.transaction import reading, transaction

CREATED = 201
VersionNumber = Annotated[int, Meta(ge=1, le=2**62)]


class Compared(msgspec.Struct, kw_only=True, rename={"before": "from", "after": "to"}, forbid_unknown_fields=True):
    """Two versions."""

    before: VersionNumber
    after: VersionNumber


@dataclass(frozen=True, slots=True)
class MoreViews:
    """The endpoints, with what they need."""

    links: Links
    reader: Reader

    async def history(self, request: Request) -> Response:
        actor = await authenticate(request)
        async with reading(request, actor.workspace_id) as connection:
            return answer(await versions.history(connection, await _row(request, connection, actor)))

    async def compare(self, request: Request) -> Response:
        actor = await authenticate(request)
        wanted = read_query(request, Compared)
        async with reading(request, actor.workspace_id) as connection:
            row = await _row(request, connection, actor)
            before = await versions.state_at(connection, row, wanted.before)
            after = await versions.state_at(connection, row, wanted.after)
        return answer(versions.differences(before, after))

    async def restore(self, request: Request) -> Response:
        actor = await authenticate(request)
        given = request.path_params["version"]
        if not (given.isascii() and given.isdecimal() and 0 < len(given) < len(str(2**62))):
            raise NotFound(f"There is no version {given} of this link.")
        async with transaction(request) as connection:
            row = await _row(request, connection, actor)
            await self.links.restore(connection, actor, row.id, int(given), expected(request))
            link, revision = await self.reader.one(connection, actor.workspace_id, row.id)
        response = answer(link)
        response.headers["ETag"] = etag(revision)
        return response

    async def open_again(self, request: Request) -> Response:
        actor = await authenticate(request)
        async with transaction(request) as connection:
            link_id = (await _row(request, connection, actor)).id
            await self.links.open_again(connection, actor, link_id)
            (link,) = await self.reader.by_ids(connection, actor.workspace_id, [link_id])
        return answer(link)

    async def add_alias(self, request: Request) -> Response:
        actor = await authenticate(request)
        body = await read_body(request, NewAlias)
        async with transaction(request) as connection:
            link_id = (await _row(request, connection, actor)).id
            return answer(self._alias(await self.links.add_alias(connection, actor, link_id, body)), CREATED)

    async def aliases(self, request: Request) -> Response:
        actor = await authenticate(request)
        async with reading(request, actor.workspace_id) as connection:
            found = await aliases.of(connection, (await _row(request, connection, actor)).id)
        return answer([self._alias(row) for row in found])

    async def remove_alias(self, request: Request) -> Response:
        actor = await authenticate(request)
        alias_id = request.path_params["aliasId"]
        async with transaction(request) as connection:
            link_id = (await _row(request, connection, actor)).id
            await self.links.remove_alias(connection, actor, link_id, alias_id)
        return answer(Deleted(alias_id))

    def _alias(self, row: Row) -> Alias:
        short_link = self.reader.short_link(row.domain, row.key)
        return Alias(ids.public(ids.ALIAS, row.id), row.domain, row.key, short_link, row.created_at)


async def _row(request: Request, connection: AsyncConnection, actor: Actor) -> Row:
    link_id = await finder.by_public_id(connection, actor.workspace_id, request.path_params["linkId"])
    return await versions.row_of(connection, actor.workspace_id, link_id)


def routes(links: Links, reader: Reader) -> list[BaseRoute]:
    """The routes below /api/v1."""
    views = MoreViews(links, reader)
    return [
        route(each)
        for each in (
            Operation(
                method="GET", path="/links/{linkId}/versions", summary="List the states that a link has had", tag="links",
                permission="links.read", endpoint=views.history, response=list[LinkVersion],
            ),
            Operation(
                method="GET", path="/links/{linkId}/versions/compare", summary="Say what differs between two versions",
                tag="links", permission="links.read", endpoint=views.compare, query=Compared, response=list[Difference],
            ),
            Operation(
                method="POST", path="/links/{linkId}/versions/{version}/restore", summary="Bring a former state back",
                tag="links", permission="links.write", endpoint=views.restore, response=Link, errors=(412,),
                headers=IF_MATCH,
            ),
            Operation(
                method="POST", path="/links/{linkId}/open-again", summary="Let a one-time link be opened once more",
                tag="links", permission="links.write", endpoint=views.open_again, response=Link,
            ),
            Operation(
                method="GET", path="/links/{linkId}/aliases", summary="List a link's further codes", tag="links",
                permission="links.read", endpoint=views.aliases, response=list[Alias],
            ),
            Operation(
                method="POST", path="/links/{linkId}/aliases", summary="Give a link another code", tag="links",
                permission="links.write", endpoint=views.add_alias, body=NewAlias, response=Alias, status=CREATED,
            ),
            Operation(
                method="DELETE", path="/links/{linkId}/aliases/{aliasId}", summary="Take a code off a link", tag="links",
                permission="links.write", endpoint=views.remove_alias, response=Deleted,
            ),
        )
    ]  # fmt: skip
