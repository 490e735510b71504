"""The routes of domains."""

from dataclasses import dataclass

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from origin.accounts.access import authenticate
from origin.api import answer, read_body, read_query, route
from origin.domains import ownership
from origin.domains.model import (
    Availability,
    DeletedDomain,
    DnsRecord,
    Domain,
    DomainChange,
    DomainFilter,
    DomainRegistration,
    EdgeLag,
    NewDomain,
    StatusQuery,
    Verification,
)
from origin.domains.ownership import Ownership
from origin.openapi import Operation
from origin.pages import turning
from origin.problems import Forbidden
from origin.storage.tables import outbox
from origin.storage.transaction import reading, transaction

CREATED = 201


@dataclass(frozen=True, slots=True)
class DomainViews:
    """The endpoints, with what they need."""

    ownership: Ownership

    async def create(self, request: Request) -> Response:
        actor = await authenticate(request)
        body = await read_body(request, NewDomain)
        async with transaction(request) as connection:
            row = await self.ownership.add(connection, actor.workspace_id, body)
            return answer(ownership.shown(row), CREATED)

    async def index(self, request: Request) -> Response:
        actor = await authenticate(request)
        wanted = read_query(request, DomainFilter)
        workspace_id = actor.workspace_id
        async with turning(request, actor, "domains", wanted) as page, reading(request, workspace_id) as connection:
            rows = await ownership.page(connection, workspace_id, wanted, page)
        return answer([ownership.shown(row) for row in rows])

    async def change(self, request: Request) -> Response:
        actor = await authenticate(request)
        body = await read_body(request, DomainChange)
        async with transaction(request) as connection:
            row = await self.ownership.change(connection, actor.workspace_id, request.path_params["slug"], body)
            return answer(ownership.shown(row))

    async def delete(self, request: Request) -> Response:
        actor = await authenticate(request)
        async with transaction(request) as connection:
            slug = await self.ownership.delete(connection, actor.workspace_id, request.path_params["slug"])
        return answer(DeletedDomain(slug))

    async def verify(self, request: Request) -> Response:
        actor = await authenticate(request)
        async with transaction(request) as connection:
            row, found, detail = await self.ownership.verify(
                connection, actor.workspace_id, request.path_params["slug"]
            )
        proof = self.ownership.dns.proof(actor.workspace_id, row.slug)
        records = [
            DnsRecord("TXT", proof.txt_name, proof.txt_value, found.txt),
            DnsRecord("CNAME", row.slug, proof.cname_value, found.cname),
        ]
        return answer(Verification(row.verified_at is not None, row.configured, records, detail))

    async def edge(self, request: Request) -> Response:
        actor = await authenticate(request)
        async with transaction(request) as connection:
            row = await ownership.one(connection, actor.workspace_id, request.path_params["slug"])
            waiting = sa.select(sa.func.count(sa.distinct(outbox.c.key)), sa.func.min(outbox.c.created_at))
            select = waiting.where(sa.func.starts_with(outbox.c.key, row.slug + "/"))
            pending, since = (await connection.execute(select)).one()
        return answer(EdgeLag(row.slug, pending, since))


async def status(request: Request) -> Response:
    """Nothing is sold here, so no domain is to be had."""
    wanted = read_query(request, StatusQuery)
    return answer([Availability(each, False, None, None, None) for each in wanted.domains])


async def register(request: Request) -> Response:
    """Refused: this is no registrar."""
    body = await read_body(request, DomainRegistration)
    raise Forbidden(f"Nearhop sells no domains: register {body.domain} elsewhere, and add it with POST /domains.")


def routes(owner: Ownership) -> list[BaseRoute]:
    """The routes below /api/v1. Fixed paths come before `{slug}`."""
    views = DomainViews(owner)
    return [
        route(each)
        for each in (
            Operation(
                method="POST", path="/domains", summary="Add a domain", tag="domains", permission="domains.write",
                endpoint=views.create, body=NewDomain, response=Domain, status=CREATED,
            ),
            Operation(
                method="GET", path="/domains", summary="List domains", tag="domains", permission="domains.read",
                endpoint=views.index, query=DomainFilter, response=list[Domain],
            ),
            Operation(
                method="GET", path="/domains/status", summary="Say whether domains can be registered here: none can",
                tag="domains", permission="domains.read", endpoint=status, query=StatusQuery, response=list[Availability],
            ),
            Operation(
                method="POST", path="/domains/register", summary="Refused, since nothing is sold here", tag="domains",
                permission="domains.write", endpoint=register, body=DomainRegistration, status=CREATED,
            ),
            Operation(
                method="PATCH", path="/domains/{slug}", summary="Change a domain", tag="domains",
                permission="domains.write", endpoint=views.change, body=DomainChange, response=Domain, errors=(409,),
            ),
            Operation(
                method="DELETE", path="/domains/{slug}", summary="Give a domain up", tag="domains",
                permission="domains.write", endpoint=views.delete, response=DeletedDomain, errors=(409,),
            ),
            Operation(
                method="POST", path="/domains/{slug}/verify", summary="Look whether its DNS records are set",
                tag="domains", permission="domains.write", endpoint=views.verify, response=Verification,
            ),
            Operation(
                method="GET", path="/domains/{slug}/edge", summary="Say how far the edge is behind", tag="domains",
                permission="domains.read", endpoint=views.edge, response=EdgeLag,
            ),
        )
    ]  # fmt: skip
