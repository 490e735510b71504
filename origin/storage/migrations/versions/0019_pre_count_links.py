"""Links: an index that counts a workspace's without reading them"""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    # Links are written meanwhile. What a run that was cut off has left is no index yet, and goes first.
    with op.get_context().autocommit_block():
        op.execute("SET statement_timeout = 0")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS links_workspace_id_archived_idx")
        op.execute(INDEX)
        op.execute("SET statement_timeout = '60s'")


INDEX = """
CREATE INDEX CONCURRENTLY links_workspace_id_archived_idx ON links (workspace_id, archived) WHERE alias_of IS NULL
"""
