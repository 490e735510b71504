"""One-time links: which visit opened each"""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
CREATE TABLE link_claims (
    link_id bigint PRIMARY KEY REFERENCES links (id) ON DELETE CASCADE,
    claim text NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT now()
);
"""
