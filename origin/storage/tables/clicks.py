"""Clicks on their way, customers and conversions."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from origin.storage.tables.base import id_column, metadata, now, text_column, time_column

counted_blocks = sa.Table(
    "counted_blocks",
    metadata,
    sa.Column("block_id", sa.Text, primary_key=True),
    sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False, server_default=now, index=True),
)


click_batches = sa.Table(
    "click_batches",
    metadata,
    sa.Column("batch_id", sa.Text, primary_key=True),
    sa.Column("block_id", sa.Text, nullable=False, index=True),
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, server_default=now, index=True),
)


customers = sa.Table(
    "customers",
    metadata,
    id_column(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("external_id", sa.Text, nullable=False),
    text_column("name"),
    text_column("email"),
    text_column("avatar"),
    text_column("country"),
    text_column("stripe_customer_id"),
    sa.Column("link_id", sa.ForeignKey("links.id", ondelete="SET NULL"), index=True),  # of the first click
    sa.Column("sales", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("revenue", JSONB, nullable=False, server_default="{}"),  # minor units by currency
    sa.Column("sale_amount", sa.BigInteger, nullable=False, server_default="0"),  # in the workspace's currency
    time_column("first_sale_at"),
    time_column("subscription_canceled_at"),
    time_column("created_at", default_now=True),
    sa.UniqueConstraint("workspace_id", "external_id"),
    sa.Index("customers_workspace_id_created_at_id_idx", "workspace_id", "created_at", "id"),
    sa.Index("customers_workspace_id_sale_amount_id_idx", "workspace_id", "sale_amount", "id"),
    sa.Index(
        "customers_workspace_id_email_idx", "workspace_id", "email", postgresql_where=sa.text("email IS NOT NULL")
    ),
)


customer_clicks = sa.Table(
    "customer_clicks",
    metadata,
    id_column(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("customer_id", sa.ForeignKey("customers.id", ondelete="SET NULL")),
    sa.Column("click_id", sa.Text, nullable=False),
    # These three are NULL until ClickHouse has the click.
    sa.Column("link_id", sa.BigInteger),
    time_column("clicked_at"),
    sa.Column("facts", JSONB(none_as_null=True)),  # conversions.facts
    time_column("seen_at", default_now=True),
    # When it is looked for again; NULL: it was found, or is given up.
    sa.Column("look_at", sa.DateTime(timezone=True), server_default=now),
    sa.Column("looks", sa.Integer, nullable=False, server_default="0"),
    sa.UniqueConstraint("customer_id", "click_id"),
    sa.Index("customer_clicks_look_at_idx", "look_at", postgresql_where=sa.text("look_at IS NOT NULL")),
    sa.Index("customer_clicks_workspace_id_seen_at_idx", "workspace_id", "seen_at"),
)


_ONCE = "outcome <> 'duplicate'"


conversions = sa.Table(
    "conversions",
    metadata,
    id_column(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("customer_id", sa.ForeignKey("customers.id", ondelete="SET NULL"), index=True),
    sa.Column("event", sa.Text, nullable=False),  # lead or sale
    sa.Column("event_name", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),  # pending, counted, unattributed or duplicate
    time_column("occurred_at", default_now=True),
    sa.Column("window_days", sa.Integer, nullable=False),  # the workspace's at that time
    sa.Column("quantity", sa.BigInteger, nullable=False, server_default="1"),
    sa.Column("amount", sa.BigInteger, nullable=False, server_default="0"),  # minor units of the currency
    sa.Column("currency", sa.Text, nullable=False, server_default=""),
    sa.Column("sale_type", sa.Text, nullable=False, server_default=""),
    text_column("invoice_id"),
    sa.Column("payment_processor", sa.Text, nullable=False, server_default=""),
    sa.Column("metadata", JSONB(none_as_null=True)),
    sa.Column("lead_id", sa.ForeignKey("conversions.id", ondelete="SET NULL")),  # whose clicks are the sale's too
    sa.Column("last_click", sa.ForeignKey("customer_clicks.id", ondelete="SET NULL"), index=True),
    sa.Column("first_click", sa.ForeignKey("customer_clicks.id", ondelete="SET NULL"), index=True),
    sa.Column("revision", sa.BigInteger, nullable=False, server_default="1"),  # of the rows in ClickHouse
    time_column("stored_at"),  # when ClickHouse had this revision
    sa.Column("block", sa.BigInteger),  # in which it is on its way there
    sa.Column("block_revision", sa.BigInteger),  # the revision that was put into a block last
    sa.Column("sent", sa.Boolean, nullable=False, server_default=sa.false()),  # ClickHouse may have a former revision
    sa.Index(
        "conversions_lead_idx", "customer_id", "event_name", unique=True,
        postgresql_where=sa.text(f"event = 'lead' AND {_ONCE}"),
    ),
    sa.Index(
        "conversions_invoice_idx", "workspace_id", "invoice_id", unique=True,
        postgresql_where=sa.text(f"event = 'sale' AND {_ONCE}"),
    ),
    sa.Index("conversions_workspace_id_occurred_at_id_idx", "workspace_id", "occurred_at", "id"),
    sa.Index(
        "conversions_unsent_idx", "id",
        postgresql_where=sa.text("outcome = 'counted' AND (stored_at IS NULL OR NOT sent) AND block IS NULL"),
    ),
    sa.Index("conversions_block_idx", "block", postgresql_where=sa.text("block IS NOT NULL")),
    sa.Index("conversions_lead_id_idx", "lead_id", postgresql_where=sa.text("lead_id IS NOT NULL")),
)  # fmt: skip
