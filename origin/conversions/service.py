"""Taking leads and sales, each once, on the caller's transaction."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.conversions import money, store
from origin.conversions.facts import ClickFinder, could_be_ours
from origin.conversions.model import LeadRequest, SaleRequest
from origin.problems import NotFound
from origin.storage.tables import Row, conversions, customer_clicks, customers, workspaces

PENDING, DUPLICATE = "pending", "duplicate"
# The lead that stands behind a customer's sale when none was tracked before.
FIRST_LEAD = "Sign up"
NEW, RECURRING = "new", "recurring"


@dataclass(frozen=True, slots=True)
class Taken:
    """A lead or sale that was taken. `conversion`: the number of what counts; None for a lead that is deferred or came again.

    The customer is missing of a former sale whose customer was deleted.
    """

    customer: Row | None
    click_id: str
    conversion: int | None = None


@dataclass(frozen=True, slots=True)
class Conversions:
    """Takes what is tracked. `clicks` is asked for clicks that are there by now; others are looked for later."""

    clicks: ClickFinder

    async def lead(self, connection: AsyncConnection, workspace_id: int, body: LeadRequest) -> Taken:
        """Take a lead; raises NotFound where it names no click, and the customer is not known by any."""
        _refuse_foreign(body.click_id)
        if body.click_id:
            customer = await store.customer(connection, workspace_id, body.customer_external_id, body.customer())
            click_id = body.click_id
            await self._touch(connection, customer, click_id)
        else:
            customer, click_id = await _known(connection, workspace_id, body.customer_external_id)
        if body.mode == "deferred":
            return Taken(customer, click_id)
        more = {"quantity": body.event_quantity or 1, "metadata": body.metadata}
        values = {**_values(customer), "event": "lead", "event_name": body.event_name, **more}
        number = await _record(connection, values)
        if number is None:
            await _note_again(connection, values)
        return Taken(customer, click_id, number)

    async def sale(self, connection: AsyncConnection, workspace_id: int, body: SaleRequest) -> Taken:
        """Take a sale; raises NotFound where it names a lead or a click that can't be."""
        _refuse_foreign(body.click_id or "")
        paid: dict[str, Any] = {
            "event": "sale", "event_name": body.event_name, "amount": body.amount, "currency": body.currency.lower(),
            "invoice_id": body.invoice_id, "payment_processor": body.payment_processor, "metadata": body.metadata,
        }  # fmt: skip
        if former := await _invoice(connection, workspace_id, body.invoice_id):
            return await _stands(connection, former, paid)
        customer = await store.customer(connection, workspace_id, body.customer_external_id, body.customer())
        lead_id = await self._lead_of(connection, customer, body)
        more = {"sale_type": NEW if customer.sales == 0 else RECURRING, "lead_id": lead_id}
        number = await _record(connection, {**_values(customer), **paid, **more})
        if number is None:  # another transaction took the invoice meanwhile
            former = await _invoice(connection, workspace_id, body.invoice_id)
            assert former is not None
            return await _stands(connection, former, paid)
        await _add_revenue(connection, customer, paid["currency"], body.amount)
        return Taken(customer, body.click_id or "", number)

    async def _lead_of(self, connection: AsyncConnection, customer: Row, body: SaleRequest) -> int | None:
        """The lead that a sale names. A sale right from a click makes one, if the customer has none by that name."""
        if body.click_id:
            await self._touch(connection, customer, body.click_id)
            if body.lead_event_name or not await _has_leads(connection, customer.id):
                name = body.lead_event_name or FIRST_LEAD
                await _record(connection, {**_values(customer), "event": "lead", "event_name": name})
        if not body.lead_event_name:
            return None
        named = sa.and_(_is_lead(customer.id), conversions.c.event_name == body.lead_event_name)
        number = (await connection.execute(sa.select(conversions.c.id).where(named))).scalar_one_or_none()
        if number is None:
            raise NotFound(f"leadEventName: this customer has no lead {body.lead_event_name!r}. Track it first.")
        return int(number)

    async def _touch(self, connection: AsyncConnection, customer: Row, click_id: str) -> None:
        """Note the click, with what is known of it by now, and credit it with what came before it was known."""
        await store.touch(connection, customer.workspace_id, customer.id, click_id)
        mine = sa.and_(customer_clicks.c.customer_id == customer.id, customer_clicks.c.click_id == click_id)
        select = sa.select(customer_clicks.c.id, customer_clicks.c.link_id).where(mine)
        row = (await connection.execute(select.with_for_update(skip_locked=True))).one_or_none()
        if row is not None and row.link_id is None:  # one that is locked is being looked for right now
            clicks = await self.clicks.find(customer.workspace_id, [click_id])
            owners = await store.found(connection, customer.workspace_id, [row.id], clicks)
            await store.attribute(connection, owners)


def _refuse_foreign(click_id: str) -> None:
    if click_id and not could_be_ours(click_id):
        raise NotFound(
            f"clickId: there is no click {click_id[:100]}. It is the value of nh_id in the destination's URL."
        )


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
    days = sa.select(workspaces.c.attribution_days).where(workspaces.c.id == customer.workspace_id).scalar_subquery()
    return {"workspace_id": customer.workspace_id, "customer_id": customer.id, "window_days": days}


async def _record(connection: AsyncConnection, values: dict[str, Any]) -> int | None:
    """Write a conversion down and credit it; gives its number, or None where it is there already."""
    fresh = insert(conversions).values(outcome=PENDING, **values).on_conflict_do_nothing()
    number = (await connection.execute(fresh.returning(conversions.c.id))).scalar_one_or_none()
    if number is not None:
        await store.attribute(connection, [values["customer_id"]], number)
    return None if number is None else int(number)


async def _note_again(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Note a conversion that came again: the accounting shows it, and nothing counts it."""
    await connection.execute(insert(conversions).values(outcome=DUPLICATE, **values))


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
    mine = sa.and_(conversions.c.workspace_id == workspace_id, conversions.c.invoice_id == invoice_id)
    sold = sa.and_(mine, conversions.c.event == "sale", conversions.c.outcome != DUPLICATE)
    return (await connection.execute(sa.select(conversions).where(sold))).one_or_none()


async def _stands(connection: AsyncConnection, former: Row, paid: dict[str, Any]) -> Taken:
    """The former sale with this invoice, which stays as it is."""
    same = {name: getattr(former, name) for name in ("workspace_id", "customer_id", "window_days")}
    await _note_again(connection, {**paid, **same})
    row = (await connection.execute(sa.select(customers).where(customers.c.id == former.customer_id))).one_or_none()
    return Taken(row, "", former.id)


async def _add_revenue(connection: AsyncConnection, customer: Row, currency: str, amount: int) -> None:
    """Add a sale to what the customer has paid; the workspace's first sale names the currency that revenue is summed up in."""
    mine = workspaces.c.id == customer.workspace_id
    unnamed = sa.update(workspaces).where(mine, workspaces.c.currency.is_(None)).values(currency=currency)
    await connection.execute(unnamed)
    place = (await connection.execute(sa.select(workspaces.c.currency, workspaces.c.exchange_rates).where(mine))).one()
    revenue = {**customer.revenue, currency: customer.revenue.get(currency, 0) + amount}
    values = {
        "sales": customers.c.sales + 1,
        "revenue": revenue,
        "sale_amount": money.total(revenue, money.factors(place.currency, place.exchange_rates)),
        "first_sale_at": sa.func.coalesce(customers.c.first_sale_at, sa.func.now()),
    }
    await connection.execute(sa.update(customers).where(customers.c.id == customer.id).values(values))
