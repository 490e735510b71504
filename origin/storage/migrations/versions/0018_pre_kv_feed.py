"""The change feed: what kvsync tells the edge about what it published"""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
CREATE TABLE kv_feed (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    line text NOT NULL,
    number bigint,
    listed_at timestamptz
);
CREATE INDEX kv_feed_id_idx ON kv_feed (id) WHERE number IS NULL;
CREATE TABLE kv_feed_state (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    head bigint NOT NULL DEFAULT 0,
    shown bigint NOT NULL DEFAULT 0,
    since timestamptz NOT NULL DEFAULT now(),
    written_at timestamptz,
    claimed_by text,
    claimed_until timestamptz
);
INSERT INTO kv_feed_state DEFAULT VALUES;
"""
