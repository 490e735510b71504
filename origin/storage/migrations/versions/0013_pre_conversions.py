"""Customers, what they did after a click, and which clicks led to it"""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute(SCHEMA)
    op.execute(INDEXES)


SCHEMA = """
ALTER TABLE workspaces
    ADD COLUMN attribution_model text NOT NULL DEFAULT 'last',
    ADD COLUMN attribution_days integer NOT NULL DEFAULT 90,
    ADD COLUMN currency text,
    ADD COLUMN exchange_rates jsonb;

CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    external_id text NOT NULL,
    name text,
    email text,
    avatar text,
    country text,
    stripe_customer_id text,
    link_id bigint REFERENCES links ON DELETE SET NULL,
    sales bigint NOT NULL DEFAULT 0,
    revenue jsonb NOT NULL DEFAULT '{}',
    sale_amount bigint NOT NULL DEFAULT 0,
    first_sale_at timestamptz,
    subscription_canceled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (workspace_id, external_id)
);

CREATE TABLE customer_clicks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    customer_id bigint REFERENCES customers ON DELETE SET NULL,
    click_id text NOT NULL,
    link_id bigint,
    clicked_at timestamptz,
    facts jsonb,
    seen_at timestamptz NOT NULL DEFAULT now(),
    look_at timestamptz DEFAULT now(),
    looks integer NOT NULL DEFAULT 0,
    UNIQUE (customer_id, click_id)
);

CREATE TABLE conversions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    customer_id bigint REFERENCES customers ON DELETE SET NULL,
    event text NOT NULL,
    event_name text NOT NULL,
    outcome text NOT NULL,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    window_days integer NOT NULL,
    quantity bigint NOT NULL DEFAULT 1,
    amount bigint NOT NULL DEFAULT 0,
    currency text NOT NULL DEFAULT '',
    sale_type text NOT NULL DEFAULT '',
    invoice_id text,
    payment_processor text NOT NULL DEFAULT '',
    metadata jsonb,
    lead_id bigint REFERENCES conversions ON DELETE SET NULL,
    last_click bigint REFERENCES customer_clicks ON DELETE SET NULL,
    first_click bigint REFERENCES customer_clicks ON DELETE SET NULL,
    revision bigint NOT NULL DEFAULT 1,
    stored_at timestamptz
);
"""

INDEXES = """
CREATE INDEX customers_workspace_id_created_at_id_idx ON customers (workspace_id, created_at, id);
CREATE INDEX customers_workspace_id_sale_amount_id_idx ON customers (workspace_id, sale_amount, id);
CREATE INDEX customers_workspace_id_email_idx ON customers (workspace_id, email) WHERE email IS NOT NULL;
CREATE INDEX customers_link_id_idx ON customers (link_id);
CREATE INDEX customer_clicks_look_at_idx ON customer_clicks (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX customer_clicks_workspace_id_seen_at_idx ON customer_clicks (workspace_id, seen_at);
CREATE UNIQUE INDEX conversions_lead_idx ON conversions (customer_id, event_name)
    WHERE event = 'lead' AND outcome <> 'duplicate';
CREATE UNIQUE INDEX conversions_invoice_idx ON conversions (workspace_id, invoice_id)
    WHERE event = 'sale' AND outcome <> 'duplicate';
CREATE INDEX conversions_customer_id_idx ON conversions (customer_id);
CREATE INDEX conversions_workspace_id_occurred_at_id_idx ON conversions (workspace_id, occurred_at, id);
CREATE INDEX conversions_unstored_idx ON conversions (id) WHERE outcome = 'counted' AND stored_at IS NULL;
CREATE INDEX conversions_lead_id_idx ON conversions (lead_id) WHERE lead_id IS NOT NULL;
CREATE INDEX conversions_last_click_idx ON conversions (last_click);
CREATE INDEX conversions_first_click_idx ON conversions (first_click);
"""
