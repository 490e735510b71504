"""What the edge's isolates counted, as their batches of clicks tell it"""

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
CREATE TABLE edge_counters (
    isolate text PRIMARY KEY,
    counters jsonb NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX edge_counters_seen_at_idx ON edge_counters (seen_at);
"""
