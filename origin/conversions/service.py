"""Taking leads and sales, each once, on the caller's transaction."""

from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.conversions import money, store
from origin.conversions.facts import ClickFinder, FoundClick, could_be_ours
from origin.conversions.model import LeadRequest, SaleRequest
from origin.problems import NotFound
from origin.storage.tables import Row, conversions, customer_clicks, customers, workspaces

PENDING, DUPLICATE = "pending", "duplicate"
# The lead that stands behind a customer's sale when none was tracked before.
FIRST_LEAD = "Sign up"
NEW, RECURRING = "new", "recurring"


@dataclass(frozen=True, slots=True)
class Taken:
    """A lead or sale that was taken. `conversion`: what counts; None for a lead that is deferred or came again.

    The customer is missing of a former sale whose customer was deleted.
    """

    customer: Row | None
    click_id: str
    conversion: Row | None = None


@dataclass(frozen=True, slots=True)
class Conversions:
    """Takes what is tracked. `clicks` is asked for clicks that are there by now; others are looked for later."""

    clicks: ClickFinder

    async def look(self, workspace_id: int, click_id: str | None) -> FoundClick | None:
        """What is known of a click by now; raises NotFound for an id that can be none. To be asked before the transaction."""
        if not click_id:
            return None
        if not could_be_ours(click_id):
            raise NotFound(
                f"clickId: there is no click {click_id[:100]}. It is the value of nh_id in the destination's URL."
            )
        return (await self.clicks.find(workspace_id, [click_id])).get(click_id)

    async def lead(
        self, connection: AsyncConnection, workspace_id: int, body: LeadRequest, click: FoundClick | None
    ) -> Taken:
        """Take a lead; raises NotFound where it names no click, and the customer is not known by any."""
        click_id = body.click_id
        newly_found = False
        if click_id:
            customer = await _by_click(connection, workspace_id, body, click_id, click)
            newly_found = customer.newly_found
        else:
            customer, click_id = await _known(connection, workspace_id, body.customer_external_id)
        if body.mode == "deferred":
            if newly_found:
                await store.attribute(connection, [customer.id])
            return Taken(customer, click_id)
        more = {"quantity": body.event_quantity or 1, "metadata": body.metadata}
        values = {**_values(customer), "event": "lead", "event_name": body.event_name, **more}
        row = await store.record(connection, values)
        if row is None:
            await _note_again(connection, values)
        await _credit(connection, customer, [row] if row else [], newly_found=newly_found)
        return Taken(customer, click_id, row)

    async def sale(
        self, connection: AsyncConnection, workspace_id: int, body: SaleRequest, click: FoundClick | None
    ) -> Taken:
        """Take a sale; raises NotFound where it names a lead that can't be."""
        paid: dict[str, Any] = {
            "event": "sale", "event_name": body.event_name, "amount": body.amount, "currency": body.currency.lower(),
            "invoice_id": body.invoice_id, "payment_processor": body.payment_processor, "metadata": body.metadata,
        }  # fmt: skip
        if former := await _invoice(connection, workspace_id, body.invoice_id):
            return await _stands(connection, former, paid)
        newly_found = False
        if body.click_id:
            customer = await _by_click(connection, workspace_id, body, body.click_id, click)
            newly_found = customer.newly_found
        else:
            customer = await store.customer(connection, workspace_id, body.customer_external_id, body.customer())
        made = await _first_lead(connection, customer, body)
        lead_id = await _named_lead(connection, customer, body.lead_event_name)
        more = {"sale_type": NEW if customer.sales == 0 else RECURRING, "lead_id": lead_id}
        row = await store.record(connection, {**_values(customer), **paid, **more})
        await _credit(connection, customer, [each for each in (made, row) if each], newly_found=newly_found)
        if row is None:  # another transaction took the invoice meanwhile
            former = await _invoice(connection, workspace_id, body.invoice_id)
            assert former is not None
            return await _stands(connection, former, paid)
        await _add_revenue(connection, customer, row)
        return Taken(customer, body.click_id or "", row)


async def _by_click(
    connection: AsyncConnection,
    workspace_id: int,
    body: LeadRequest | SaleRequest,
    click_id: str,
    click: FoundClick | None,
) -> Row:
    who = body.customer_external_id
    return await store.customer_by_click(connection, workspace_id, who, body.customer(), click_id, click)


async def _first_lead(connection: AsyncConnection, customer: Row, body: SaleRequest) -> Row | None:
    """The lead that a sale right from a click makes, if the customer has none by that name."""
    if body.click_id and (body.lead_event_name or not await _has_leads(connection, customer.id)):
        name = body.lead_event_name or FIRST_LEAD
        return await store.record(connection, {**_values(customer), "event": "lead", "event_name": name})
    return None


async def _named_lead(connection: AsyncConnection, customer: Row, name: str | None) -> int | None:
    """The lead that a sale names; raises NotFound."""
    if not name:
        return None
    named = sa.and_(_is_lead(customer.id), conversions.c.event_name == name)
    number = (await connection.execute(sa.select(conversions.c.id).where(named))).scalar_one_or_none()
    if number is None:
        raise NotFound(f"leadEventName: this customer has no lead {name!r}. Track it first.")
    return int(number)


async def _credit(connection: AsyncConnection, customer: Row, rows: list[Row], *, newly_found: bool) -> None:
    """Credit new conversions, leads first, and with a click that is newly found all that came before."""
    if newly_found and not customer.made:
        await store.attribute(connection, [customer.id])
        return
    for row in rows:
        await store.attribute_one(connection, customer.id, row.event, row.id)
    if newly_found:
        await store.place(connection, [customer.id])


async def _known(connection: AsyncConnection, workspace_id: int, external_id: str) -> tuple[Row, str]:
    """A customer who has a click, with the latest one, held."""
    mine = sa.and_(customers.c.workspace_id == workspace_id, customers.c.external_id == external_id)
    row = (await connection.execute(sa.select(customers).where(mine).with_for_update())).one_or_none()
    newest = sa.select(customer_clicks.c.click_id).order_by(customer_clicks.c.id.desc()).limit(1)
    click = newest.where(customer_clicks.c.customer_id == (row.id if row else None))
    click_id = (await connection.execute(click)).scalar_one_or_none() if row else None
    if row is None or click_id is None:
        raise NotFound(f"clickId: it is empty, and there is no customer {external_id} with a click. Send the clickId.")
    return row, click_id


def _values(customer: Row) -> dict[str, Any]:
    return {"workspace": customer.workspace_id, "customer": customer.id, "outcome": PENDING}


async def _note_again(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Note a conversion that came again: the accounting shows it, and nothing counts it."""
    await store.record(connection, {**values, "outcome": DUPLICATE})


def _is_lead(customer_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        conversions.c.customer_id == customer_id, conversions.c.event == "lead", conversions.c.outcome != DUPLICATE
    )


async def _has_leads(connection: AsyncConnection, customer_id: int) -> bool:
    found = sa.select(conversions.c.id).where(_is_lead(customer_id)).limit(1)
    return (await connection.execute(found)).first() is not None


async def _invoice(connection: AsyncConnection, workspace_id: int, invoice_id: str | None) -> Row | None:
    """The sale that has this invoice."""
    if invoice_id is None:
        return None
    values = {"workspace": workspace_id, "invoice": invoice_id}
    row: Row | None = (await connection.execute(store.SQL["invoice"], values)).one_or_none()
    return row


async def _stands(connection: AsyncConnection, former: Row, paid: dict[str, Any]) -> Taken:
    """The former sale with this invoice, which stays as it is."""
    same = {"workspace": former.workspace_id, "customer": former.customer_id, "window_days": former.window_days}
    await _note_again(connection, {**paid, **same})
    row = (await connection.execute(sa.select(customers).where(customers.c.id == former.customer_id))).one_or_none()
    return Taken(row, "", former)


async def _add_revenue(connection: AsyncConnection, customer: Row, sale: Row) -> None:
    """Add a sale to what the customer has paid; the workspace's first sale names the currency that revenue is summed up in."""
    currency, sums_in, rates = sale.currency, sale.sums_in, sale.rates
    if sums_in is None:
        mine = workspaces.c.id == customer.workspace_id
        unnamed = sa.update(workspaces).where(mine, workspaces.c.currency.is_(None)).values(currency=currency)
        await connection.execute(unnamed)
        asked = sa.select(workspaces.c.currency, workspaces.c.exchange_rates).where(mine)
        sums_in, rates = (await connection.execute(asked)).one()
    revenue = {**customer.revenue, currency: customer.revenue.get(currency, 0) + sale.amount}
    values = {
        "customer": customer.id,
        "revenue": msgspec.json.encode(revenue).decode(),
        "sale_amount": money.total(revenue, money.factors(sums_in, rates)),
    }
    await connection.execute(store.SQL["add_revenue"], values)
