"""The routes of customers."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from origin import ids
from origin.accounts.access import authenticate
from origin.api import answer, read_body, read_query, route
from origin.conversions.links import LinkRefs
from origin.conversions.model import LinkRef
from origin.customers import service
from origin.customers.model import Customer, CustomerChange, CustomerFilter, CustomerQuery, DeletedCustomer
from origin.links.reader import Reader
from origin.openapi import Operation
from origin.pages import turning
from origin.storage.tables import Row
from origin.storage.transaction import reading, transaction

_ONE = "/customers/{customerId}"
_SAME_NAME = tuple(set(Customer.__struct_fields__) - {"id", "link", "program_id", "partner", "discount"})


@dataclass(frozen=True, slots=True)
class CustomerViews:
    """The endpoints, with what they need."""

    links: LinkRefs

    async def index(self, request: Request) -> Response:
        """A page of customers."""
        actor = await authenticate(request)
        wanted = read_query(request, CustomerFilter)
        workspace_id = actor.workspace_id
        async with turning(request, actor, "customers", wanted) as page, reading(request, workspace_id) as connection:
            rows = await service.page(connection, workspace_id, wanted, page)
            known: dict[int, LinkRef] = {}
            if wanted.include_expanded_fields:
                numbers = {row.link_id for row in rows if row.link_id is not None}
                known = await self.links.by_ids(connection, workspace_id, numbers)
        return answer([_customer(row, known.get(row.link_id)) for row in rows])

    async def show(self, request: Request) -> Response:
        """One customer."""
        actor = await authenticate(request)
        wanted = read_query(request, CustomerQuery)
        async with reading(request, actor.workspace_id) as connection:
            row = await service.get(connection, actor.workspace_id, request.path_params["customerId"])
            known = await self.links.by_ids(connection, actor.workspace_id, _wanted_links(row, wanted))
        return answer(_customer(row, known.get(row.link_id)))

    async def change(self, request: Request) -> Response:
        """Change one."""
        actor = await authenticate(request)
        wanted = read_query(request, CustomerQuery)
        body = await read_body(request, CustomerChange)
        async with transaction(request) as connection:
            row = await service.change(connection, actor.workspace_id, request.path_params["customerId"], body)
            known = await self.links.by_ids(connection, actor.workspace_id, _wanted_links(row, wanted))
        return answer(_customer(row, known.get(row.link_id)))


async def delete(request: Request) -> Response:
    """Forget one."""
    actor = await authenticate(request)
    async with transaction(request) as connection:
        number = await service.delete(connection, actor.workspace_id, request.path_params["customerId"])
    return answer(DeletedCustomer(ids.public(ids.CUSTOMER, number)))


def _wanted_links(row: Row, wanted: CustomerQuery) -> set[int]:
    return {row.link_id} if wanted.include_expanded_fields and row.link_id is not None else set()


def _customer(row: Row, link: LinkRef | None) -> Customer:
    same = {name: getattr(row, name) for name in _SAME_NAME}
    program = None if link is None else link.program_id
    return Customer(**same, id=ids.public(ids.CUSTOMER, row.id), link=link, program_id=program)


def routes(reader: Reader) -> list[BaseRoute]:
    """The routes below /api/v1."""
    views = CustomerViews(LinkRefs(reader))
    return [
        route(each)
        for each in (
            Operation(
                method="GET", path="/customers", summary="List customers", tag="customers",
                permission="conversions.read", endpoint=views.index, query=CustomerFilter, response=list[Customer],
            ),
            Operation(
                method="GET", path=_ONE, summary="Get a customer", tag="customers", permission="conversions.read",
                endpoint=views.show, query=CustomerQuery, response=Customer,
            ),
            Operation(
                method="PATCH", path=_ONE, summary="Change a customer", tag="customers",
                permission="conversions.write", endpoint=views.change, body=CustomerChange, query=CustomerQuery,
                response=Customer, errors=(409,),
            ),
            Operation(
                method="DELETE", path=_ONE, summary="Forget who a customer is; what was counted stays", tag="customers",
                permission="conversions.write", endpoint=delete, response=DeletedCustomer,
            ),
        )
    ]  # fmt: skip
