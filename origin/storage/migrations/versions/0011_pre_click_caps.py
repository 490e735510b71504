"""Click caps of links, counted once a block of clicks; changes for the edge that go before others"""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
ALTER TABLE links ADD COLUMN capped_at timestamptz;

CREATE TABLE link_caps (
    link_id bigint PRIMARY KEY REFERENCES links (id) ON DELETE CASCADE,
    counted_from timestamptz,
    clicks bigint NOT NULL DEFAULT 0,
    clicks_before bigint NOT NULL DEFAULT 0
);

CREATE TABLE counted_blocks (
    block_id text PRIMARY KEY,
    counted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX counted_blocks_counted_at_idx ON counted_blocks (counted_at);

ALTER TABLE outbox ADD COLUMN priority smallint NOT NULL DEFAULT 0;
CREATE INDEX outbox_priority_available_at_id_idx ON outbox (priority DESC, available_at, id) WHERE poisoned_at IS NULL;
DROP INDEX outbox_available_at_id_idx;
"""
