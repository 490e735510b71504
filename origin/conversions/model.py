"""Leads and sales on the wire: as they are tracked, and what is answered."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from origin.conversions.money import Amount, Currency
from origin.problems import Unprocessable

LONGEST_METADATA = 10_000
Name = Annotated[str, Meta(min_length=1, max_length=255)]
# A `/` would end it in the path of /customers/ext_...
ExternalId = Annotated[str, Meta(min_length=1, max_length=100, pattern="^[^/]*$")]
Text = Annotated[str, Meta(max_length=1_000)]
ClickId = Annotated[str, Meta(max_length=100)]
Processor = Literal["stripe", "shopify", "polar", "paddle", "apple", "revenuecat", "lemonsqueezy", "dub", "custom"]
Metadata = dict[str, Any]


class _Tracked(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    customer_external_id: ExternalId
    customer_name: Text | None = None
    customer_email: Text | None = None
    customer_avatar: Text | None = None
    metadata: Metadata | None = None

    def customer(self) -> dict[str, str | None]:
        """What is said of the customer."""
        given = {"name": self.customer_name, "email": self.customer_email, "avatar": self.customer_avatar}
        return {name: value for name, value in given.items() if value}

    def check(self) -> None:
        """Raise Unprocessable for what types alone can't tell."""
        if self.metadata is not None and len(msgspec.json.encode(self.metadata)) > LONGEST_METADATA:
            raise Unprocessable(f"metadata: as JSON it has at most {LONGEST_METADATA} bytes.")


class LeadRequest(_Tracked, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Somebody has signed up, or the like. An empty `clickId` means the click that the customer is known by.

    `mode`: `wait` answers once the lead can be seen in the analytics (at most some seconds later); `deferred` keeps only who
    came by which click, for a lead that is tracked later.
    """

    click_id: ClickId
    event_name: Name
    mode: Literal["async", "wait", "deferred"] = "async"
    event_quantity: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


class SaleRequest(_Tracked, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Somebody has paid. `amount` is in the currency's smallest unit; an `invoiceId` is counted once."""

    amount: Amount
    currency: Currency = "usd"
    event_name: Name = "Purchase"
    payment_processor: Processor = "custom"
    invoice_id: Name | None = None
    lead_event_name: Name | None = None
    click_id: ClickId | None = None


class ClickRef(msgspec.Struct):
    """A click by its id."""

    id: str


class LinkRef(msgspec.Struct, kw_only=True, rename="camel"):
    """The link that was clicked."""

    id: str
    domain: str
    key: str
    short_link: str
    url: str
    partner_id: str | None
    program_id: str | None
    tenant_id: str | None
    external_id: str | None


class CustomerRef(msgspec.Struct, kw_only=True, rename="camel"):
    """Who it was."""

    id: str
    name: str | None
    email: str | None
    avatar: str | None
    external_id: str | None


class Lead(msgspec.Struct, kw_only=True):
    """The lead was taken. `link` is null while the click is still on its way: it is credited when it comes."""

    click: ClickRef
    link: LinkRef | None
    customer: CustomerRef


class SaleDetail(msgspec.Struct, kw_only=True, rename="camel"):
    """What was paid."""

    amount: int
    currency: str
    payment_processor: str
    invoice_id: str | None
    metadata: Metadata | None


class Sale(msgspec.Struct, kw_only=True, rename="camel"):
    """The sale was taken, or was there already: then this is what is kept of it. It may be of a deleted customer."""

    event_name: str
    customer: CustomerRef | None
    sale: SaleDetail | None
