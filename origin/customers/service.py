"""Customers of a workspace: who leads and sales are of."""

from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import UNSET
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.audit import trail
from origin.audit.trail import Change
from origin.customers.model import CustomerChange, CustomerFilter
from origin.links import finder
from origin.pages import Order, Page, fetch
from origin.problems import Conflict, NotFound, Unprocessable
from origin.storage.tables import Row, conversions, customer_clicks, customers, links

EXTERNAL = "ext_"
# A place in an order must not be NULL: what never happened comes before all that did.
_NEVER = sa.text("timestamptz '-infinity'")
_ORDERS: dict[str, sa.ColumnElement[Any]] = {
    "createdAt": customers.c.created_at,
    "saleAmount": customers.c.sale_amount,
    "firstSaleAt": sa.func.coalesce(customers.c.first_sale_at, _NEVER),
    "subscriptionCanceledAt": sa.func.coalesce(customers.c.subscription_canceled_at, _NEVER),
}


async def get(connection: AsyncConnection, workspace_id: int, text: str) -> Row:
    """The customer with this id, or with this id of the workspace's own behind `ext_`; raises NotFound."""
    select = sa.select(customers).where(_is(workspace_id, text))
    row: Row | None = (await connection.execute(select)).one_or_none()
    if row is None:
        raise _unknown(text)
    return row


async def change(connection: AsyncConnection, workspace_id: int, text: str, body: CustomerChange) -> Row:
    """Change a customer; raises NotFound, or Conflict where the external id is another's."""
    values = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET}
    if isinstance(values.get("country"), str):
        values["country"] = values["country"].upper()
    statement = sa.update(customers).where(_is(workspace_id, text)).values(values or {"name": customers.c.name})
    try:
        async with connection.begin_nested():
            row: Row | None = (await connection.execute(statement.returning(customers))).one_or_none()
    except IntegrityError as error:
        raise Conflict("externalId: another customer has it already. Choose another one.") from error
    if row is None:
        raise _unknown(text)
    await _note(connection, "customer.update", row, {"fields": sorted(values)} if values else None)
    return row


async def delete(connection: AsyncConnection, workspace_id: int, text: str) -> int:
    """Forget who a customer is; what was counted stays, without a name. Gives the number; raises NotFound."""
    row = await get(connection, workspace_id, text)
    mine = conversions.c.customer_id == row.id
    await connection.execute(sa.select(customers.c.id).where(customers.c.id == row.id).with_for_update())
    # ClickHouse gets the rows again, without the customer and what was said of it.
    anew = {"metadata": None, "revision": conversions.c.revision + 1, "stored_at": None}
    await connection.execute(sa.update(conversions).where(mine).values(anew))
    waits = sa.update(conversions).where(mine, conversions.c.outcome == "pending")
    await connection.execute(waits.values(outcome="unattributed"))
    await connection.execute(
        sa.update(customer_clicks).where(customer_clicks.c.customer_id == row.id).values(look_at=None)
    )
    await connection.execute(sa.delete(customers).where(customers.c.id == row.id))
    await _note(connection, "customer.delete", row)
    return int(row.id)


async def page(connection: AsyncConnection, workspace_id: int, wanted: CustomerFilter, by_number: Page) -> list[Row]:
    """One page of the customers that fit; raises Unprocessable for a bad cursor, NotFound for a link that is not there."""
    after, before = wanted.starting_after, wanted.ending_before
    if after and before:
        raise Unprocessable("endingBefore: give either this or startingAfter.")
    column = _ORDERS[wanted.sort_by]
    order = Order(column, customers.c.id, (wanted.sort_order == "asc") != bool(before))
    select = sa.select(customers).where(*await _fitting(connection, workspace_id, wanted))
    cursor = after or before
    if not cursor:
        return await fetch(connection, select, order, by_number)
    field = "startingAfter" if after else "endingBefore"
    beyond = await _beyond(connection, workspace_id, column, field, cursor, ascending=order.ascending)
    select = select.where(beyond).order_by(*order.columns)
    rows = list(await connection.execute(select.limit(wanted.page_size)))
    return rows[::-1] if before else rows


async def _beyond(
    connection: AsyncConnection,
    workspace_id: int,
    column: sa.ColumnElement[Any],
    field: str,
    text: str,
    *,
    ascending: bool,
) -> sa.ColumnElement[bool]:
    there = sa.select(column, customers.c.id).where(_is(workspace_id, text))
    if (await connection.execute(there.with_only_columns(customers.c.id))).one_or_none() is None:
        raise Unprocessable(f"{field}: there is no customer {text} in this workspace.")
    here, cursor = sa.tuple_(column, customers.c.id), there.scalar_subquery()
    return here > cursor if ascending else here < cursor


async def _fitting(
    connection: AsyncConnection, workspace_id: int, wanted: CustomerFilter
) -> list[sa.ColumnElement[bool]]:
    found = [customers.c.workspace_id == workspace_id]
    if wanted.email:
        found.append(customers.c.email == wanted.email)
    elif wanted.external_id:
        found.append(customers.c.external_id == wanted.external_id)
    elif wanted.search:
        columns = (customers.c.name, customers.c.email, customers.c.external_id)
        same = [each.icontains(wanted.search, autoescape=True) for each in columns]
        found.append(sa.or_(*same, customers.c.id == ids.parse(ids.CUSTOMER, wanted.search)))
    if wanted.country:
        found.append(customers.c.country == wanted.country.upper())
    if wanted.link_id:
        found.append(customers.c.link_id == await finder.by_public_id(connection, workspace_id, wanted.link_id))
    for column, value in ((links.c.program_id, wanted.program_id), (links.c.partner_id, wanted.partner_id)):
        if value:
            theirs = sa.select(links.c.id).where(links.c.workspace_id == workspace_id, column == value)
            found.append(customers.c.link_id.in_(theirs))
    return found


async def _note(connection: AsyncConnection, action: str, row: Row, after: dict[str, Any] | None = None) -> None:
    # Without what is said of the customer: the log would still have it when it is to be forgotten.
    change = Change(action, ids.public(ids.CUSTOMER, row.id), "", after=after)
    await trail.record(connection, row.workspace_id, change)


def _is(workspace_id: int, text: str) -> sa.ColumnElement[bool]:
    mine = customers.c.workspace_id == workspace_id
    if "\0" in text:  # Postgres holds no such text
        return sa.false()
    if text.startswith(EXTERNAL):
        return sa.and_(mine, customers.c.external_id == text.removeprefix(EXTERNAL))
    return sa.and_(mine, customers.c.id == ids.parse(ids.CUSTOMER, text))


def _unknown(text: str) -> NotFound:
    return NotFound(f"There is no customer {text} in this workspace.")
