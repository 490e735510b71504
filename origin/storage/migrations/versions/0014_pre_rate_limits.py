"""Rate limits: what is left of each caller's requests"""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
-- Half of each page stays free, so that rows are rewritten in place. No index but the key's may be here.
CREATE UNLOGGED TABLE rate_limits (
    key bytea PRIMARY KEY,
    full_at timestamptz NOT NULL,
    granted integer NOT NULL
) WITH (fillfactor = 50);
"""
