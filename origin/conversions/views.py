"""POST /track/lead and /track/sale."""

import time
from dataclasses import dataclass

import anyio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from origin import ids
from origin.accounts.access import authenticate
from origin.api import answer, read_body, route
from origin.conversions import outcomes, settings_views
from origin.conversions.drain import ConversionDrain
from origin.conversions.links import LinkRefs
from origin.conversions.model import (
    ClickRef,
    CustomerRef,
    Lead,
    LeadRequest,
    Sale,
    SaleDetail,
    SaleRequest,
)
from origin.conversions.service import Conversions
from origin.links.reader import Reader
from origin.openapi import Operation
from origin.storage.tables import Row, conversions
from origin.storage.transaction import transaction

# What `mode=wait` waits for the click to come, and then for ClickHouse to have the lead.
_WAIT_SECONDS = 3.0
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class TrackViews:
    """The endpoints, with what they need."""

    service: Conversions
    links: LinkRefs
    drain: ConversionDrain

    async def lead(self, request: Request) -> Response:
        """Take a lead."""
        actor = await authenticate(request)
        body = await read_body(request, LeadRequest)
        body.check()
        click = await self.service.look(actor.workspace_id, body.click_id)
        async with transaction(request) as connection:
            taken = await self.service.lead(connection, actor.workspace_id, body, click)
            assert taken.customer is not None
            customer = taken.customer
            link = await self.links.of_click(connection, actor.workspace_id, customer.id, taken.click_id)
            held = getattr(request.state, "connection", None) is not None
        self.drain.wake()
        # Under an Idempotency-Key nothing is committed before the answer is, so there is nothing to wait for.
        if body.mode == "wait" and taken.conversion is not None and not held:
            await _stored(request.app.state.engine, taken.conversion.id)
            async with transaction(request) as connection:  # the click may have come meanwhile
                link = await self.links.of_click(connection, actor.workspace_id, customer.id, taken.click_id)
        return answer(Lead(click=ClickRef(taken.click_id), link=link, customer=_customer(customer)))

    async def sale(self, request: Request) -> Response:
        """Take a sale."""
        actor = await authenticate(request)
        body = await read_body(request, SaleRequest)
        body.check()
        click = await self.service.look(actor.workspace_id, body.click_id)
        async with transaction(request) as connection:
            taken = await self.service.sale(connection, actor.workspace_id, body, click)
        row = taken.conversion
        assert row is not None
        self.drain.wake()
        customer = None if taken.customer is None else _customer(taken.customer)
        return answer(Sale(event_name=row.event_name, customer=customer, sale=_sale(row)))


async def _stored(engine: AsyncEngine, number: int) -> None:
    """Wait until ClickHouse has a conversion, within reason."""
    end = time.monotonic() + _WAIT_SECONDS
    select = sa.select(conversions.c.stored_at).where(conversions.c.id == number)
    while time.monotonic() < end:
        async with engine.connect() as connection:
            if (await connection.execute(select)).scalar_one_or_none() is not None:
                return
        await anyio.sleep(_LOOK_SECONDS)


def _customer(row: Row) -> CustomerRef:
    same = ("name", "email", "avatar", "external_id")
    return CustomerRef(id=ids.public(ids.CUSTOMER, row.id), **{name: getattr(row, name) for name in same})


def _sale(row: Row) -> SaleDetail:
    same = ("amount", "currency", "payment_processor", "invoice_id", "metadata")
    return SaleDetail(**{name: getattr(row, name) for name in same})


def routes(service: Conversions, drain: ConversionDrain, reader: Reader) -> list[BaseRoute]:
    """The routes below /api/v1."""
    views = TrackViews(service, LinkRefs(reader), drain)
    return [
        *(
            route(each)
            for each in (
                Operation(
                    method="POST", path="/track/lead", summary="Track a lead, such as a sign-up", tag="conversions",
                    permission="conversions.write", endpoint=views.lead, body=LeadRequest, response=Lead,
                ),
                Operation(
                    method="POST", path="/track/sale", summary="Track a sale", tag="conversions",
                    permission="conversions.write", endpoint=views.sale, body=SaleRequest, response=Sale,
                ),
            )
        ),
        *settings_views.routes(),
        *outcomes.routes(),
    ]  # fmt: skip
