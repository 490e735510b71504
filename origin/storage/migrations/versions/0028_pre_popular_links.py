"""The links visited most lately, and the packs of their records that kvsync writes"""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
CREATE TABLE popular_links (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    link_ids bigint[] NOT NULL DEFAULT '{}',
    ranked_at timestamptz,
    looked_at timestamptz
);
INSERT INTO popular_links DEFAULT VALUES;
CREATE TABLE kv_packs_state (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    packs integer NOT NULL DEFAULT 0,
    written_at timestamptz,
    read_at timestamptz,
    ranked_at timestamptz,
    claimed_by text,
    claimed_until timestamptz
);
INSERT INTO kv_packs_state DEFAULT VALUES;
"""
