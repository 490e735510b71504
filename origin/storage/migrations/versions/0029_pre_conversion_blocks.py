"""Conversions go to ClickHouse in blocks that are noted before; all go once more, as the table there is a new one"""

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE conversions"
        " ADD COLUMN IF NOT EXISTS block bigint, ADD COLUMN IF NOT EXISTS block_revision bigint,"
        " ADD COLUMN IF NOT EXISTS sent boolean NOT NULL DEFAULT false"
    )
    # Events are tracked meanwhile. What a run that was cut off has left is no index yet, and goes first.
    with op.get_context().autocommit_block():
        op.execute("SET statement_timeout = 0")
        for name, on in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON conversions {on}")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS conversions_unstored_idx")
        op.execute("SET statement_timeout = '60s'")


INDEXES = {
    "conversions_unsent_idx": "(id) WHERE outcome = 'counted' AND (stored_at IS NULL OR NOT sent) AND block IS NULL",
    "conversions_block_idx": "(block) WHERE block IS NOT NULL",
}
