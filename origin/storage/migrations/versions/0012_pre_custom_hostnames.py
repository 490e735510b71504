"""Domains: what Cloudflare says of their custom hostnames"""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
ALTER TABLE domains ADD COLUMN hostname_status text, ADD COLUMN hostname_detail text;
"""
