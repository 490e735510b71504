"""Domains: proof of ownership, what the edge does with each, and their record in KV"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
ALTER TABLE domains
    ADD COLUMN verified_at timestamptz,
    ADD COLUMN configured boolean NOT NULL DEFAULT false,
    ADD COLUMN checked_at timestamptz,
    ADD COLUMN check_detail text,
    ADD COLUMN root_url text,
    ADD COLUMN robots text,
    ADD COLUMN favicon text,
    ADD COLUMN ignore_case boolean NOT NULL DEFAULT false,
    ADD COLUMN asset_links jsonb,
    ADD COLUMN apple_app_site_association jsonb;
CREATE INDEX domains_checked_at_idx ON domains (checked_at) WHERE workspace_id IS NOT NULL;
CREATE UNIQUE INDEX domains_workspace_id_primary_idx ON domains (workspace_id) WHERE is_primary;
-- Those that there are were put in by hand, by whoever runs the installation.
UPDATE domains SET verified_at = now(), configured = true;
"""
