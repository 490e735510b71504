"""What a customer is on the wire."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from origin.conversions.model import ExternalId, LinkRef, Text

Country = Annotated[str, Meta(pattern="^[A-Za-z]{2}$")]


class Customer(msgspec.Struct, kw_only=True, rename="camel"):
    """Somebody whom leads and sales are of. `link`, of the first click, is there with `includeExpandedFields`.

    `revenue` is what was paid, by currency; `saleAmount` the sum of it in the workspace's currency, as far as there are rates.
    """

    id: str
    external_id: str
    created_at: datetime
    name: str | None
    email: str | None
    avatar: str | None
    stripe_customer_id: str | None
    country: str | None
    sales: int
    sale_amount: int
    revenue: dict[str, int]
    first_sale_at: datetime | None
    subscription_canceled_at: datetime | None
    link: LinkRef | None = None
    program_id: str | None = None
    partner: None = None
    discount: None = None


class CustomerChange(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to change; null clears."""

    external_id: ExternalId | UnsetType = UNSET
    name: Text | UnsetType | None = UNSET
    email: Text | UnsetType | None = UNSET
    avatar: Text | UnsetType | None = UNSET
    stripe_customer_id: Text | UnsetType | None = UNSET
    country: Country | UnsetType | None = UNSET
    subscription_canceled_at: datetime | UnsetType | None = UNSET


class CustomerQuery(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How much of a customer is shown."""

    include_expanded_fields: bool = False


class CustomerFilter(CustomerQuery, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which customers, in which order. `search` looks at name, email and both ids; email and externalId win over it."""

    email: str | None = None
    external_id: str | None = None
    search: Annotated[str, Meta(max_length=500)] | None = None
    country: str | None = None
    link_id: str | None = None
    program_id: str | None = None
    partner_id: str | None = None
    sort_by: Literal["createdAt", "saleAmount", "firstSaleAt", "subscriptionCanceledAt"] = "createdAt"
    sort_order: Literal["asc", "desc"] = "desc"
    starting_after: str | None = None
    ending_before: str | None = None
    page: Annotated[int, Meta(ge=1, le=100_000)] = 1
    page_size: Annotated[int, Meta(ge=1, le=100)] = 100


class DeletedCustomer(msgspec.Struct):
    """Who was deleted."""

    id: str
