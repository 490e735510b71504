"""How a workspace credits conversions, and what it sums revenue up in."""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.audit import trail
from origin.conversions import money
from origin.conversions.money import Currency, Rate
from origin.problems import Unprocessable
from origin.storage.tables import Row, conversions, workspaces

Model = Literal["last", "first"]
Days = Annotated[int, Meta(ge=1, le=365)]
MOST_RATES = 200
_UPDATE_TOTALS = sa.text(
    "UPDATE customers SET sale_amount = ("
    " SELECT coalesce(round(sum(CAST(value AS numeric) * CAST(CAST(:factors AS jsonb) ->> key AS numeric))), 0)"
    " FROM jsonb_each_text(revenue)"
    ") WHERE workspace_id = :workspace AND revenue <> '{}'"
)


class Attribution(msgspec.Struct, kw_only=True, rename="camel"):
    """`model`: whether the last or the first click of the window gets the credit, where a question does not say.

    `windowDays`: how long before a conversion a click may be, for conversions from now on. `currency`: what `saleAmount`
    is in; that of the first sale until another one is set. `exchangeRates`: what one unit of another currency is worth
    in it.
    """

    model: Model
    window_days: int
    currency: str | None
    exchange_rates: dict[str, float]

    def factors(self) -> dict[str, Decimal]:
        """By what an amount of each currency is multiplied to be summed up."""
        return money.factors(self.currency, self.exchange_rates)


class AttributionChange(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to change."""

    model: Model | UnsetType = UNSET
    window_days: Days | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    exchange_rates: Annotated[dict[Currency, Rate], Meta(max_length=200)] | UnsetType = UNSET


# Of a question that is about clicks alone.
UNASKED = Attribution(model="last", window_days=0, currency=None, exchange_rates={})


async def get(connection: AsyncConnection, workspace_id: int) -> Attribution:
    """The workspace's settings."""
    return _shown((await connection.execute(sa.select(workspaces).where(workspaces.c.id == workspace_id))).one())


async def if_used(connection: AsyncConnection, workspace_id: int) -> Attribution | None:
    """The workspace's settings; None where nothing was ever tracked, so that links are shown without asking further."""
    tracked = sa.exists().where(conversions.c.workspace_id == workspaces.c.id)
    row = (
        await connection.execute(sa.select(workspaces).where(workspaces.c.id == workspace_id, tracked))
    ).one_or_none()
    return None if row is None else _shown(row)


def _shown(row: Row) -> Attribution:
    return Attribution(
        model=row.attribution_model,
        window_days=row.attribution_days,
        currency=row.currency,
        exchange_rates=row.exchange_rates or {},
    )


async def change(connection: AsyncConnection, workspace_id: int, body: AttributionChange) -> Attribution:
    """Change them; sums of customers are made anew. Raises Unprocessable."""
    values = {
        "attribution_model": body.model,
        "attribution_days": body.window_days,
        "currency": UNSET if body.currency is UNSET else body.currency.lower(),
        "exchange_rates": UNSET if body.exchange_rates is UNSET else _rates(body.exchange_rates),
    }
    given = {name: value for name, value in values.items() if value is not UNSET}
    hold = sa.select(workspaces.c.id).where(workspaces.c.id == workspace_id).with_for_update(key_share=True)
    await connection.execute(hold)
    former = await get(connection, workspace_id)
    if given:
        await connection.execute(sa.update(workspaces).where(workspaces.c.id == workspace_id).values(given))
    found = await get(connection, workspace_id)
    if "currency" in given or "exchange_rates" in given:
        factors = msgspec.json.encode({name: str(value) for name, value in found.factors().items()}).decode()
        await connection.execute(_UPDATE_TOTALS, {"workspace": workspace_id, "factors": factors})
    before, after = (
        {"id": ids.public(ids.WORKSPACE, workspace_id), **msgspec.to_builtins(each)} for each in (former, found)
    )
    await trail.record(connection, workspace_id, trail.updated("workspace.attribution_update", before, after))
    return found


def _rates(given: dict[str, float]) -> dict[str, float]:
    if len(given) > MOST_RATES:
        raise Unprocessable(f"exchangeRates: name at most {MOST_RATES} currencies.")
    return {name.lower(): rate for name, rate in given.items()}
